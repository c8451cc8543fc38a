"""faplog on one machine: real servers, functions, connector and UI under one supervisor, behind one address."""

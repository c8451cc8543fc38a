-- The roles of faplog with the passwords of the environment (OWNER, API, WORKER, MONITOR), and the database.
-- Only the owner may change tables; the API and the worker are granted what the migrations say; the monitor sees figures.
\getenv owner OWNER
\getenv api API
\getenv worker WORKER
\getenv monitor MONITOR

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['faplog_owner', 'faplog_api', 'faplog_worker', 'faplog_monitor']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE faplog_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner';
ALTER ROLE faplog_api LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS CONNECTION LIMIT 40 PASSWORD :'api';
ALTER ROLE faplog_worker LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS CONNECTION LIMIT 30 PASSWORD :'worker';
ALTER ROLE faplog_monitor LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS CONNECTION LIMIT 3 PASSWORD :'monitor';
GRANT pg_monitor TO faplog_monitor;

SELECT 'CREATE DATABASE faplog OWNER faplog_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'faplog')
\gexec

REVOKE ALL ON DATABASE faplog FROM PUBLIC;
GRANT CONNECT ON DATABASE faplog TO faplog_api, faplog_worker, faplog_monitor;

-- The roles of faplog with the passwords of the environment (OWNER, API, WORKER, MONITOR), and the database.
-- Only the owner may change tables; the API and the worker are granted what the migrations say; the monitor sees figures.
\getenv owner OWNER
\getenv api API
\getenv worker WORKER
\getenv monitor MONITOR

-- The statements below hold passwords.
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;

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

-- Only the superuser has business in these; a new database is a copy of template1.
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;

-- A large object made by the API or the worker would keep the owner from reading the whole database for a backup.
\connect faplog
SELECT format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^lo(_|read$|write$)'
\gexec
\connect template1
SELECT format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^lo(_|read$|write$)'
\gexec

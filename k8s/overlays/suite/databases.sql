-- The five databases of the suite, each with a role of its own that sees no other. Run once, as a superuser:
--
--   psql -v registration=… -v staffing=… -v assets=… -v inspection=… -v accounts=… -f databases.sql
--
-- The values are the passwords; letters and digits only, since they stand in URLs. The locale is C, so that text sorts as it
-- does on SQLite.
\set ON_ERROR_STOP on

CREATE ROLE junheng_registration LOGIN PASSWORD :'registration';
CREATE DATABASE junheng_registration OWNER junheng_registration TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
REVOKE ALL ON DATABASE junheng_registration FROM PUBLIC;

CREATE ROLE junheng_staffing LOGIN PASSWORD :'staffing';
CREATE DATABASE junheng_staffing OWNER junheng_staffing TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
REVOKE ALL ON DATABASE junheng_staffing FROM PUBLIC;

CREATE ROLE junheng_assets LOGIN PASSWORD :'assets';
CREATE DATABASE junheng_assets OWNER junheng_assets TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
REVOKE ALL ON DATABASE junheng_assets FROM PUBLIC;

CREATE ROLE junheng_inspection LOGIN PASSWORD :'inspection';
CREATE DATABASE junheng_inspection OWNER junheng_inspection TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
REVOKE ALL ON DATABASE junheng_inspection FROM PUBLIC;

CREATE ROLE junheng_accounts LOGIN PASSWORD :'accounts';
CREATE DATABASE junheng_accounts OWNER junheng_accounts TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
REVOKE ALL ON DATABASE junheng_accounts FROM PUBLIC;

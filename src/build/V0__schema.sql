-- For the build alone: in a database Flyway makes the schema before it runs the migrations.
CREATE SCHEMA sluice;

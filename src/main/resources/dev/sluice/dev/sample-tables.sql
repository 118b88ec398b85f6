-- The tables `sluice dev` plays with. :people is replaced by a number. No random(): the n-th row is the same everywhere.
SET LOCAL synchronous_commit = on;
SET LOCAL maintenance_work_mem = '256MB';
SET LOCAL max_parallel_maintenance_workers = 2;
SET LOCAL search_path = app, pg_catalog;

CREATE SCHEMA app;

CREATE TABLE app.people (
  id         bigint      NOT NULL,
  first_name text,
  last_name  text        NOT NULL,
  email      text        NOT NULL,
  full_name  text,
  country    text        NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE TABLE app.orders (
  id         uuid          NOT NULL,
  person_id  bigint        NOT NULL,
  ordered_on date          NOT NULL,
  quantity   int           NOT NULL,
  unit_price numeric(10,2) NOT NULL,
  status     text          NOT NULL,
  note       text
);
CREATE TABLE app.order_lines (
  order_id   uuid          NOT NULL,
  line       int           NOT NULL,
  product    text          NOT NULL,
  quantity   int           NOT NULL,
  unit_price numeric(10,2) NOT NULL,
  amount     numeric(14,2)
);
CREATE TABLE app.order_totals (
  order_id  uuid          PRIMARY KEY,
  person_id bigint        NOT NULL,
  total     numeric(14,2) NOT NULL
);
CREATE TABLE app.sessions (
  id        bigint      NOT NULL,
  person_id bigint      NOT NULL,
  last_seen timestamptz NOT NULL
);

-- Spreads n over 0 .. 2^31-1; salt gives each column its own order.
CREATE FUNCTION pg_temp.spread(n bigint, salt bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
  RETURN (((n + salt * 7919) * 2654435761) >> 9) & 2147483647;

-- The id of the n-th person: small gaps, as rolled-back inserts leave them, and a large one every 1,000 rows.
CREATE FUNCTION pg_temp.person_id(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
  RETURN n + n / 7 * 3 + n / 1000 * 250;

CREATE FUNCTION pg_temp.order_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN md5('order ' || n)::uuid;

-- One person in 97 goes by one name alone.
INSERT INTO app.people (id, first_name, last_name, email, country, created_at, updated_at)
SELECT pg_temp.person_id(n),
       CASE WHEN n % 97 = 0 THEN NULL ELSE first END,
       last,
       lower(translate(first || '.' || last, 'ÅÉÖßáâãåçèéëíïñöøúüćğıŁłśşŠŻ'' ',
                                             'AEOsaaaaceeeiinoouucgiLlssSZ'))
         || n || '@' || (ARRAY['example.com', 'example.org', 'example.net', 'mail.example'])[1 + n % 4],
       (ARRAY['DE', 'US', 'GB', 'FR', 'PL', 'ES', 'IE', 'SE', 'TR', 'IN', 'JP', 'BR', 'NG', 'NL', 'IT', 'US'])
         [1 + pg_temp.spread(n, 3) % 16],
       created,
       created + (pg_temp.spread(n, 5) % 90) * interval '1 day'
FROM (
  SELECT n,
         (ARRAY['Anna', 'José', 'Maria', 'Łukasz', 'Siân', 'Mohammed', 'Zoë', 'Olivia', 'Noah', 'Chloé', 'Björn',
                'Aoife', 'Séamus', 'Fatima', 'Yuki', 'Chinedu', 'Priya', 'Lars', 'Élodie', 'Jürgen', 'Małgorzata',
                'D''Angelo', 'Ana María', 'Søren', 'Ayşe', 'Emma', 'Liam', 'Sofia', 'Mateo', 'Amélie', 'Kofi', 'Ngozi',
                'Hiroshi', 'Aisha', 'Pedro', 'Ingrid', 'Tomasz', 'Niamh', 'Oğuz', 'Beatriz', 'Xavier', 'Ursula',
                'Renée', 'Giovanni', 'Katarzyna', 'Håkon', 'Leïla', 'Diego', 'Grace', 'Samuel', 'Jean-Luc'])
           [1 + pg_temp.spread(n, 1) % 51] AS first,
         (ARRAY['Müller', 'O''Brien', 'García', 'Nowak', 'Smith', 'd''Arc', 'Núñez', 'Kowalski', 'Okafor', 'Tanaka',
                'Sørensen', 'MacLeod', 'O''Connor', 'Dubois', 'Yılmaz', 'Rossi', 'Silva', 'van der Berg', 'Johansson',
                'Patel', 'Schröder', 'L''Étoile', 'Jones', 'Fernández', 'Wiśniewski', 'Björk', 'Costa', 'Adeyemi',
                'Suzuki', 'Weiß', 'Lefèvre', 'Peña', 'Šimić', 'Lindqvist', 'N''Dour', 'Kaya', 'Walsh', 'Ferrari',
                'Brandão', 'Hughes', 'de la Cruz', 'Öztürk', 'Ångström', 'Taylor', 'Nguyen', 'Singh', 'Mensah',
                'Żak', 'Brown', 'Svensson', 'Gonçalves', 'Byrne', 'Al-Farsi'])
           [1 + pg_temp.spread(n, 2) % 53] AS last,
         timestamptz '2018-01-01 00:00:00+00'
           + n * (interval '2500 days' / :people) + (pg_temp.spread(n, 4) % 3600) * interval '1 second' AS created
  FROM generate_series(1::bigint, :people) AS n
) AS made;

INSERT INTO app.orders (id, person_id, ordered_on, quantity, unit_price, status, note)
SELECT pg_temp.order_id(n),
       pg_temp.person_id(1 + pg_temp.spread(n, 11) % :people),
       date '2019-01-01' + (pg_temp.spread(n, 12) % 2300)::int,
       1 + (pg_temp.spread(n, 13) % 9)::int,
       (99 + pg_temp.spread(n, 14) % 24900) / 100.0,
       (ARRAY['paid', 'shipped', 'shipped', 'shipped', 'returned', 'cancelled'])[1 + pg_temp.spread(n, 15) % 6],
       CASE WHEN n % 23 = 0 THEN 'leave it with Mrs O''Hara next door' END
FROM generate_series(1::bigint, :people / 2) AS n;

-- One to three lines an order, two on average.
INSERT INTO app.order_lines (order_id, line, product, quantity, unit_price)
SELECT pg_temp.order_id(n),
       line,
       (ARRAY['Teapot', 'Kettle', 'Café crème cups', 'Lamp', 'Desk', 'Chair', 'Rug', 'Clock', 'Mirror', 'Shelf', 'Vase'])
         [1 + pg_temp.spread(n * 3 + line, 21) % 11],
       1 + (pg_temp.spread(n * 3 + line, 22) % 5)::int,
       (149 + pg_temp.spread(n * 3 + line, 23) % 49900) / 100.0
FROM generate_series(1::bigint, :people / 2) AS n, generate_series(1, 1 + (n % 3)::int) AS line;

INSERT INTO app.sessions (id, person_id, last_seen)
SELECT n,
       pg_temp.person_id(1 + pg_temp.spread(n, 31) % :people),
       timestamptz '2025-01-01 00:00:00+00' + (pg_temp.spread(n, 32) % 63072000) * interval '1 second'
FROM generate_series(1::bigint, :people / 5) AS n;

ALTER TABLE app.people ADD PRIMARY KEY (id);
CREATE INDEX people_email ON app.people (email);
CREATE INDEX people_last_name ON app.people (last_name, id);
ALTER TABLE app.orders ADD PRIMARY KEY (id);
ALTER TABLE app.orders ADD FOREIGN KEY (person_id) REFERENCES app.people (id);
ALTER TABLE app.order_lines ADD PRIMARY KEY (order_id, line);
ALTER TABLE app.sessions ADD PRIMARY KEY (id);

DROP FUNCTION pg_temp.spread(bigint, bigint);
DROP FUNCTION pg_temp.person_id(bigint);
DROP FUNCTION pg_temp.order_id(bigint);

ANALYZE app.people, app.orders, app.order_lines, app.sessions;

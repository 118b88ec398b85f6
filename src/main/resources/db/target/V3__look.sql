-- A verification may take several passes: one over the table as it was, and one over each partition that came meanwhile.
-- They are one look at the rows, known by the number of its first pass. Null for passes that change rows, and for those
-- of an older version, each of which is a look by itself.
ALTER TABLE sluice.pass ADD COLUMN look int;

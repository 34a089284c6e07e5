-- A text without blanks around it; NULL when nothing is left.
CREATE OR REPLACE MACRO word(t) AS nullif(trim(t), '');
-- A whole number; a cast alone would take 2.7 for 3.
CREATE OR REPLACE MACRO whole(t) AS
  CASE WHEN regexp_full_match(trim(t), '[+-]?[0-9]{1,9}(\.0+)?') THEN CAST(CAST(trim(t) AS DECIMAL(18,4)) AS INTEGER) END;
-- Decimals are rounded half up to what the type holds; exponents, NaN and the like are no amounts.
CREATE OR REPLACE MACRO plain_number(t) AS regexp_full_match(trim(t), '[+-]?[0-9]{1,12}(\.[0-9]{1,12})?');
CREATE OR REPLACE MACRO money(t) AS CASE WHEN plain_number(t) THEN TRY_CAST(trim(t) AS DECIMAL(10,2)) END;
-- A day, or a moment with seconds, with or without fraction and Z; always UTC.
-- Most are as the engine writes them: that comparison costs a third of the pattern.
CREATE OR REPLACE MACRO moment(t) AS
  CASE WHEN CAST(TRY_CAST(t AS TIMESTAMP) AS VARCHAR) = t AND strlen(t) BETWEEN 19 AND 26 THEN TRY_CAST(t AS TIMESTAMP)
    WHEN regexp_full_match(trim(t), '\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z?)?')
    THEN TRY_CAST(left(replace(replace(trim(t), 'T', ' '), 'Z', ''), 26) AS TIMESTAMP) END;
CREATE OR REPLACE MACRO yes_no(t) AS
  CASE lower(trim(t)) WHEN 'true' THEN true WHEN 'false' THEN false WHEN '1' THEN true WHEN '0' THEN false
    WHEN 'yes' THEN true WHEN 'no' THEN false END;

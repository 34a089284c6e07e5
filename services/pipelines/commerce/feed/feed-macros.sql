-- What most rows hold is known by a comparison, which costs a fraction of a pattern: what the engine writes for a value, and
-- texts of ASCII without a blank at an end.
-- A text without blanks of any kind around it; NULL when nothing is left.
CREATE OR REPLACE MACRO word(t) AS
  CASE WHEN t > '!' AND NOT suffix(t, ' ') AND NOT suffix(t, E'\t') AND NOT suffix(t, E'\n') AND NOT suffix(t, E'\r') AND strlen(t) = length(t) THEN t
    ELSE nullif(regexp_replace(t, '^[\s\v\pZ]+|[\s\v\pZ]+$', '', 'g'), '') END;
-- A whole number; a cast alone would take 2.7 for 3.
CREATE OR REPLACE MACRO whole(t) AS
  CASE WHEN CAST(TRY_CAST(t AS INTEGER) AS VARCHAR) = t AND strlen(t) <= 9 THEN TRY_CAST(t AS INTEGER)
    WHEN regexp_full_match(trim(t), '[+-]?[0-9]{1,9}(\.0+)?') THEN CAST(CAST(trim(t) AS DECIMAL(18,4)) AS INTEGER) END;
-- Decimals are rounded half up to what the type holds; exponents, NaN and the like are no amounts.
CREATE OR REPLACE MACRO plain_number(t) AS regexp_full_match(trim(t), '[+-]?[0-9]{1,12}(\.[0-9]{1,12})?');
CREATE OR REPLACE MACRO money(t) AS
  CASE WHEN CAST(TRY_CAST(t AS DECIMAL(10,2)) AS VARCHAR) = t THEN TRY_CAST(t AS DECIMAL(10,2))
    WHEN plain_number(t) THEN TRY_CAST(trim(t) AS DECIMAL(10,2)) END;
-- A day, or a moment with seconds, with or without fraction and Z; always UTC. A year before 1900 is a slip of the pen, or a
-- default of the source.
CREATE OR REPLACE MACRO moment(t) AS
  CASE WHEN t >= '1900' AND CAST(TRY_CAST(t AS TIMESTAMP) AS VARCHAR) = t AND strlen(t) BETWEEN 19 AND 26 THEN TRY_CAST(t AS TIMESTAMP)
    WHEN t >= '1900' AND strlen(t) = 20 AND strftime(TRY_CAST(t AS TIMESTAMP), '%Y-%m-%dT%H:%M:%SZ') = t THEN TRY_CAST(t AS TIMESTAMP)
    WHEN regexp_full_match(trim(t), '(?:19|[2-9]\d)\d{2}-\d{2}-\d{2}([ T]([01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?Z?)?')
    THEN TRY_CAST(left(replace(replace(trim(t), 'T', ' '), 'Z', ''), 26) AS TIMESTAMP) END;
CREATE OR REPLACE MACRO yes_no(t) AS
  CASE lower(trim(t)) WHEN 'true' THEN true WHEN 'false' THEN false WHEN '1' THEN true WHEN '0' THEN false
    WHEN 'yes' THEN true WHEN 'no' THEN false END;
-- What is no name of a browser may be the text by which it tells everything of its machine.
CREATE OR REPLACE MACRO browser_name(t) AS
  CASE WHEN t IN ('Chrome', 'Safari', 'Firefox', 'Edge') THEN t WHEN word(t) IS NULL THEN 'unknown'
    WHEN lower(trim(t)) = 'chrome' THEN 'Chrome' WHEN lower(trim(t)) = 'safari' THEN 'Safari'
    WHEN lower(trim(t)) = 'firefox' THEN 'Firefox' WHEN lower(trim(t)) = 'edge' THEN 'Edge'
    WHEN lower(trim(t)) = 'unknown' THEN 'unknown' ELSE 'other' END;
-- A page without what tells of a person: `mask_path` takes longer than most pages need.
CREATE OR REPLACE MACRO clean_page(t) AS
  CASE WHEN t IN ('/', '/category', '/search', '/cart', '/checkout') THEN t
    WHEN starts_with(t, '/product/prod_') AND TRY_CAST(substr(t, 15) AS INTEGER) >= 0 THEN t
    ELSE mask_path(t) END;

-- How texts of the sources become values (requirements 4.5, steps 1 to 3). Most cells are plain and take the first, cheap
-- way; the second one gives a plain cell the same value.

-- Without blanks at the ends; a text of nothing else is no value.
CREATE OR REPLACE MACRO trimmed(t) AS
  nullif(trim(t, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160)), '');

CREATE OR REPLACE MACRO upper_of(t) AS
  CASE WHEN regexp_full_match(t, '[!-`{-~]+') THEN t ELSE upper(trimmed(t)) END;

CREATE OR REPLACE MACRO lower_of(t) AS
  CASE WHEN regexp_full_match(t, '[!-@\[-~]+') THEN t ELSE lower(trimmed(t)) END;

-- For words of ours: DuckDB makes an i of the Turkish İ, and FAİLED is no status.
CREATE OR REPLACE MACRO ascii_lower_of(t) AS
  translate(trimmed(t), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');

-- An exact amount, or NULL: a cast by itself would round 0.005 to 0.01 and read 1_000 as a thousand.
CREATE OR REPLACE MACRO is_exact_amount(t) AS
  regexp_full_match(t, '[+-]?([0-9]+[.]?[0-9]{0,2}0*|[.][0-9]{1,2}0*)');

CREATE OR REPLACE MACRO amount_of(t) AS
  CASE WHEN is_exact_amount(trimmed(t)) THEN TRY_CAST(trimmed(t) AS DECIMAL(18, 2)) END;

-- What is wrong with an amount; one that DECIMAL(18, 2) does not hold is far above or below what is allowed.
CREATE OR REPLACE MACRO amount_fault(t, amount) AS
  CASE
    WHEN amount > 0 AND amount <= 1000000 THEN NULL
    WHEN amount <= 0 THEN 'amount-not-positive'
    WHEN amount > 1000000 THEN 'amount-too-large'
    WHEN NOT regexp_full_match(trimmed(t), '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)') THEN 'amount-unreadable'
    WHEN NOT is_exact_amount(trimmed(t)) THEN 'amount-scale'
    WHEN trimmed(t)[1] = '-' THEN 'amount-not-positive'
    ELSE 'amount-too-large'
  END;

-- Years of four digits: a zone may lead out of them.
CREATE OR REPLACE MACRO within_calendar(moment) AS
  CASE WHEN moment >= TIMESTAMP '0001-01-01 00:00:00' AND moment < TIMESTAMP '10000-01-01 00:00:00' THEN moment END;

-- A moment of the calendar, or NULL. One with a zone becomes UTC: a plain cast would leave the zone out.
CREATE OR REPLACE MACRO written_moment(t) AS
  CASE
    WHEN NOT regexp_full_match(
      t,
      '[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6}0*)?)?(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?'
    ) OR t < '0001' THEN NULL
    WHEN regexp_matches(t, '(Z|[+-][0-9:]{2,5})$')
      THEN within_calendar(TRY_CAST(t AS TIMESTAMPTZ) AT TIME ZONE 'UTC')
    ELSE TRY_CAST(t AS TIMESTAMP)
  END;

CREATE OR REPLACE MACRO moment_of(t) AS written_moment(trimmed(t));

-- A day of the calendar alone, at its midnight.
CREATE OR REPLACE MACRO day_of(t) AS
  CASE
    WHEN regexp_full_match(trimmed(t), '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND trimmed(t) >= '0001'
      THEN CAST(TRY_CAST(trimmed(t) AS DATE) AS TIMESTAMP)
  END;

-- The first letter of each e-mail address that a text may hold, and of a text that should be one.
CREATE OR REPLACE MACRO masked(t) AS
  CASE
    WHEN regexp_matches(t, '@|＠|%40')
      THEN regexp_replace(t, '([^\s@＠%,;<>])[^\s@＠,;<>]*(@|＠|%40)[^\s,;<>]*', '\1***@***', 'g')
    ELSE t
  END;

CREATE OR REPLACE MACRO masked_email(t) AS
  CASE WHEN trimmed(t) IS NULL THEN t ELSE trimmed(t)[1] || '***' || CASE WHEN contains(t, '@') THEN '@***' ELSE '' END END;

CREATE OR REPLACE MACRO is_longer(t, characters) AS coalesce(length(t) > characters, false);

-- The macros of arithmetic.sql as Athena and Trino write them, which round quotients of decimals half away from zero.
CREATE MACRO half_up(part, whole) AS CAST(part AS DECIMAL(38, 0)) / nullif(CAST(whole AS DECIMAL(38, 0)), CAST(0 AS DECIMAL(38, 0)));
CREATE MACRO cents(money) AS CAST(money * 100 AS DECIMAL(38, 0));
CREATE MACRO hundredths(number) AS CAST(CAST(number AS DECIMAL(18, 0)) * DECIMAL '0.01' AS DECIMAL(18, 2));
CREATE MACRO mean_of(total, count) AS hundredths(half_up(cents(total), count));
CREATE MACRO percent_of(part, whole) AS hundredths(half_up(part * 10000, whole));

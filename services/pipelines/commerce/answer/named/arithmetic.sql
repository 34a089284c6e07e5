-- Quotients are made of whole numbers and rounded half away from zero, so that no sum depends on the order of its rows.
CREATE MACRO half_up(part, whole) AS
  sign(part) * ((2 * CAST(abs(part) AS HUGEINT) + whole) // nullif(2 * CAST(whole AS HUGEINT), 0));
CREATE MACRO cents(money) AS CAST(money * 100 AS HUGEINT);
CREATE MACRO hundredths(number) AS CAST(CAST(number AS DECIMAL(18, 0)) * 0.01 AS DECIMAL(18, 2));
-- Both take amounts of money, or other decimals of two digits.
CREATE MACRO mean_of(total, count) AS hundredths(half_up(cents(total), count));
CREATE MACRO percent_of(part, whole) AS hundredths(half_up(CAST(part * 10000 AS HUGEINT), whole));

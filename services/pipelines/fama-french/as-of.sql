-- What was known on a day: the rows of the newest vintage up to it, for equality works on month ends only.
CREATE MACRO as_of(day) AS TABLE
  SELECT date_format, portfolio, metric_type, value, ingestion_date
  FROM raw_data
  WHERE ingestion_date =
    (SELECT max(ingestion_date) FROM raw_data WHERE ingestion_date <= CAST(day AS DATE));

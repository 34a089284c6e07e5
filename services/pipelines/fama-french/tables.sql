-- The views of dartmouth_db (requirements 1.8), over raw_data and data_ingestion_map.
CREATE VIEW pit_data AS
  SELECT date_format, portfolio, metric_type, value, ingestion_date
  FROM raw_data;

CREATE VIEW current_data AS
  SELECT date_format, portfolio, metric_type, value, ingestion_date
  FROM raw_data
  WHERE ingestion_date = (SELECT max(ingestion_date) FROM raw_data);

-- The newest vintage of each metric, for when one vintage lacks a metric that an older one has.
CREATE VIEW current_data_by_metric AS
  SELECT date_format, portfolio, metric_type, value, ingestion_date
  FROM raw_data
  JOIN (SELECT metric_type, max(ingestion_date) AS ingestion_date FROM raw_data GROUP BY metric_type)
    USING (metric_type, ingestion_date);

CREATE OR REPLACE TABLE categories AS SELECT * FROM (VALUES
  ('Electronics', 'Technology', CAST(0.18 AS DECIMAL(4,2))),
  ('Clothing', 'Fashion', 0.45),
  ('Home & Garden', 'Home', 0.35),
  ('Sports & Outdoors', 'Leisure', 0.32),
  ('Books', 'Media', 0.25),
  ('Toys & Games', 'Leisure', 0.38),
  ('Health & Beauty', 'Care', 0.42),
  ('Automotive', 'Technology', 0.28),
  ('Office Supplies', 'Home', 0.30),
  ('Pet Supplies', 'Care', 0.33)) known(category, department, margin_rate)

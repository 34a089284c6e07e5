"""The work of polars: `transactions RAW OUT` or `NAME CURATED END`. Prints peak memory in MiB and CPU seconds to stderr, rows as JSON."""
import json
import resource
import sys
from datetime import datetime, timedelta

import polars as pl

C = pl.col
kind, source, target = sys.argv[1:4]


def transactions():
    quantity, price = C("quantity"), C("price")
    moment = C("transaction_date")
    ids = ["transaction_id", "customer_id", "product_id"]
    exact = (quantity * price).cast(pl.Decimal(10, 2))
    rows = (
        pl.scan_csv(f"{source}/transactions/*/*.csv", infer_schema=False, include_file_paths="path")
        .with_columns(
            *[C(name).str.strip_chars(" ") for name in ids],
            quantity.cast(pl.Int32, strict=False),
            price.cast(pl.Decimal(10, 2), strict=False),
            C("total_amount").cast(pl.Decimal(10, 2), strict=False),
            pl.coalesce(
                moment.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
                moment.str.to_datetime("%Y-%m-%d", strict=False),
            ),
            C("status").str.strip_chars(" ").str.to_lowercase(),
            processing_date=C("path").str.extract("date=([0-9-]+)").str.to_date("%Y-%m-%d"),
        )
        .with_columns(
            total_amount=pl.when(
                C("total_amount").is_null()
                | ((C("total_amount") - exact).cast(pl.Float64).abs() > 0.01)
            )
            .then(exact)
            .otherwise(C("total_amount"))
        )
        .filter(
            quantity > 0,
            price > 0,
            C("total_amount") > 0,
            *[C(name).is_not_null() & (C(name) != "") for name in ids],
            moment < C("processing_date").cast(pl.Datetime) + timedelta(days=1),
        )
        .unique("transaction_id", keep="first")
        .drop("path")
        .with_columns(
            processing_timestamp=C("processing_date").cast(pl.Datetime),
            revenue_category=pl.when(C("total_amount") >= 100)
            .then(pl.lit("high"))
            .when(C("total_amount") >= 50)
            .then(pl.lit("medium"))
            .otherwise(pl.lit("low")),
            transaction_hour=moment.dt.hour().cast(pl.Int32),
            day_of_week=(moment.dt.weekday() % 7 + 1).cast(pl.Int32),
            year=moment.dt.year(),
            month=moment.dt.month().cast(pl.Int32),
            day=moment.dt.day().cast(pl.Int32),
        )
        .with_columns(is_weekend=C("day_of_week").is_in([1, 7]))
    )
    layout = pl.PartitionBy(target, key=["year", "month", "day"], include_key=True)
    rows.sink_parquet(layout, compression="snappy", mkdir=True, engine="streaming")


def ask():
    end, done = datetime.fromisoformat(target), C("status") == "completed"
    moment, amount = C("transaction_date"), C("total_amount").cast(pl.Float64)
    read = lambda table: pl.scan_parquet(f"{source}/{table}/**/*.parquet", hive_partitioning=True)
    since = lambda days: (moment >= end - timedelta(days=days)) & (moment < end)
    distinct = lambda name, where: C(name).filter(where).n_unique()
    if kind == "top_products":
        found = (
            read("transactions").filter(since(30), done).join(read("products"), on="product_id")
            .group_by("product_id", "name", "category", "brand")
            .agg(C("quantity").sum(), revenue=amount.sum(), orders=pl.len(), customers=C("customer_id").n_unique(),
                 mean=amount.mean(), rating=C("rating").mean())
            .sort("revenue", descending=True).head(20)
        )
    elif kind == "customer_ltv":
        segment = pl.when(C("v") >= 1000).then(pl.lit("VIP")).when(C("v") >= 500).then(pl.lit("High Value")).when(C("v") >= 100)
        often = pl.when(C("n") >= 10).then(pl.lit("Frequent")).when(C("n") >= 5).then(pl.lit("Regular")).when(C("n") >= 2)
        found = (
            read("transactions").filter(moment < end).group_by("customer_id")
            .agg(a=moment.min(), b=moment.max(), n=pl.len(), back=(C("status") == "returned").sum(), v=amount.filter(done).sum(),
                 mean=amount.filter(done).mean())
            .with_columns(segment=segment.then(pl.lit("Medium Value")).otherwise(pl.lit("Low Value")),
                          often=often.then(pl.lit("Occasional")).otherwise(pl.lit("One-time")))
            .group_by("segment", "often")
            .agg(pl.len(), ltv=C("v").mean(), orders=C("n").mean(), mean=C("mean").mean(),
                 tenure=(C("b").dt.date() - C("a").dt.date()).dt.total_days().mean(), rate=(100 * C("back") / C("n")).mean(),
                 revenue=C("v").sum())
            .sort("revenue", descending=True)
        )
    elif kind == "conversion_funnel":
        at = C("timestamp")
        stages = ["page_view", "product_view", "add_to_cart", "checkout_start", "purchase"]
        found = (
            read("clickstream").filter(at >= end - timedelta(days=7), at < end).group_by(date=at.dt.date())
            .agg(*[distinct("session_id", C("event_type") == stage).alias(stage) for stage in stages])
            .sort("date", descending=True)
        )
    elif kind == "daily_kpis":
        count = lambda where: where.sum()
        found = (
            read("transactions").filter(since(90)).group_by(date=moment.dt.date())
            .agg(pl.len(), *[count(C("status") == name).alias(name) for name in ("completed", "returned", "refunded")],
                 customers=C("customer_id").n_unique(), paying=distinct("customer_id", done), revenue=amount.filter(done).sum(),
                 mean=amount.filter(done).mean(), units=C("quantity").filter(done).sum(), products=C("product_id").n_unique(),
                 weekend=count(C("is_weekend")), business=count(C("transaction_hour").is_between(9, 17)),
                 **{name: count(C("revenue_category") == name) for name in ("high", "medium", "low")})
            .sort("date", descending=True)
        )
    else:
        found = (
            read("transactions").filter(since(30), done).join(read("products"), on="product_id", how="left")
            .group_by(C("category").fill_null("(no product)"))
            .agg(revenue=amount.sum(), orders=pl.len(), units=C("quantity").sum())
            .sort("revenue", descending=True)
        )
    print(json.dumps(found.collect(engine="streaming").rows(), default=str))


transactions() if kind == "transactions" else ask()
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_maxrss / 1024, used.ru_utime + used.ru_stime, file=sys.stderr)

"""CloudWatch, in JSON or in the query protocol as boto3 is new or old, and with the
AWS CLI."""

import datetime
import os

import pytest
from botocore.exceptions import ClientError

from cli import CLIS, Cli
from leat import create, eventually

NOW = datetime.datetime.now(datetime.timezone.utc)
AROUND = {"StartTime": NOW - datetime.timedelta(minutes=10), "EndTime": NOW + datetime.timedelta(minutes=10)}

# What a text has to survive in forms, in XML and in JSON.
TEXT = "a b&c=d+<e>%20\"'/"


@pytest.fixture
def cloudwatch(server):
    return server.client(service="cloudwatch")


def test_protocol(cloudwatch):
    """The suite runs with the generations of boto3 that it means to."""
    spoken = []
    cloudwatch.meta.events.register(
        "before-send.cloudwatch.*", lambda request, **_: spoken.append(request.headers["Content-Type"].decode()))
    cloudwatch.list_metrics()
    json_1_0, form = "application/x-amz-json-1.0", "application/x-www-form-urlencoded; charset=utf-8"
    assert spoken == [form if os.environ.get("LEAT_BOTO3") == "query" else json_1_0]


def test_metrics(cloudwatch):
    dimensions = [{"Name": "Shard", "Value": TEXT}, {"Name": "Worker", "Value": "1"}]
    cloudwatch.put_metric_data(Namespace="Orders", MetricData=[
        {"MetricName": "Latency", "Dimensions": dimensions, "Timestamp": NOW, "Unit": "Milliseconds", "Value": 2.5},
        {"MetricName": "Latency", "Dimensions": dimensions, "Timestamp": NOW, "Unit": "Milliseconds",
         "StatisticValues": {"SampleCount": 3, "Sum": 6, "Minimum": 0.5, "Maximum": 4}},
        {"MetricName": "Latency", "Dimensions": dimensions, "Timestamp": NOW, "Unit": "Milliseconds",
         "Values": [1e-3, 1e6], "Counts": [2, 1], "StorageResolution": 1},
        {"MetricName": "Other", "Value": -1},
    ])

    listed = cloudwatch.list_metrics(Namespace="Orders", Dimensions=[{"Name": "Shard", "Value": TEXT}])["Metrics"]
    assert listed == [{"Namespace": "Orders", "MetricName": "Latency", "Dimensions": dimensions}]
    assert len(cloudwatch.list_metrics(Namespace="Orders")["Metrics"]) == 2

    answer = cloudwatch.get_metric_statistics(
        Namespace="Orders", MetricName="Latency", Dimensions=dimensions, Period=3600, Unit="Milliseconds",
        Statistics=["SampleCount", "Sum", "Average", "Minimum", "Maximum"], **AROUND)
    points = answer["Datapoints"]
    assert answer["Label"] == "Latency"
    assert sum(p["SampleCount"] for p in points) == 7
    assert sum(p["Sum"] for p in points) == pytest.approx(1000008.502)
    assert (points[0]["Minimum"], points[0]["Maximum"], points[0]["Unit"]) == (1e-3, 1e6, "Milliseconds")

    query = {"Id": "q", "MetricStat": {
        "Metric": {"Namespace": "Orders", "MetricName": "Latency", "Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}}
    result = cloudwatch.get_metric_data(MetricDataQueries=[query], **AROUND)["MetricDataResults"]
    assert [(r["Id"], r["StatusCode"], sum(r["Values"])) for r in result] == [
        ("q", "Complete", pytest.approx(1000008.502))]
    minute = NOW.replace(second=0, microsecond=0)
    assert result[0]["Timestamps"] == [minute]

    nothing = cloudwatch.get_metric_statistics(
        Namespace="Orders", MetricName="None", Period=60, Statistics=["Sum"], **AROUND)
    assert nothing["Datapoints"] == []


def test_many_metrics_are_compressed(cloudwatch):
    codings = []
    cloudwatch.meta.events.register(
        "before-send.cloudwatch.PutMetricData",
        lambda request, **_: codings.append(request.headers.get("Content-Encoding")))
    cloudwatch.put_metric_data(Namespace="Orders", MetricData=[
        {"MetricName": f"m{i}", "Dimensions": [{"Name": "d", "Value": "v" * 100}], "Value": i} for i in range(500)])
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace="Orders")
    assert {m["MetricName"] for page in pages for m in page["Metrics"]} == {f"m{i}" for i in range(500)}
    assert codings == [b"gzip"]


def refusal(call, **arguments):
    with pytest.raises(ClientError) as e:
        call(**arguments)
    error = e.value.response["Error"]
    return error["Code"], error["Type"], e.value.response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]


def test_errors(server):
    """Errors have the codes of the query protocol, whatever the protocol."""
    cloudwatch = server.client(service="cloudwatch", validate=False)
    datum = {"MetricName": "m", "Value": 1}
    code, fault, status, text = refusal(cloudwatch.put_metric_data, Namespace="AWS/Orders", MetricData=[datum])
    assert (code, fault, status) == ("InvalidParameterValue", "Sender", 400)
    assert "Namespace" in text
    with pytest.raises(cloudwatch.exceptions.InvalidParameterValueException):
        cloudwatch.put_metric_data(Namespace="AWS/Orders", MetricData=[datum])
    code, fault, status, _ = refusal(cloudwatch.put_metric_data, MetricData=[datum])
    assert (fault, status) == ("Sender", 400)
    assert code in ("MissingParameter", "ValidationError")
    code, fault, status, _ = refusal(cloudwatch.describe_alarms)
    assert (code, fault, status) == ("InvalidAction", "Sender", 400)


@pytest.mark.parametrize("version", CLIS)
def test_cli(version, server, tmp_path):
    """The usual call for a stream's metrics."""
    if CLIS[version] not in os.environ:
        pytest.skip("this run has no AWS CLI")
    create(server.client(), "orders")
    server.client().put_record(StreamName="orders", PartitionKey="k", Data=b"hello")
    cli = Cli(version, server.endpoint, tmp_path)

    def incoming():
        return cli.ask("cloudwatch", "get-metric-statistics", "--namespace", "AWS/Kinesis",
                       "--metric-name", "IncomingRecords", "--dimensions", "Name=StreamName,Value=orders",
                       "--start-time", AROUND["StartTime"].isoformat(), "--end-time", AROUND["EndTime"].isoformat(),
                       "--period", "60", "--statistics", "Sum")["Datapoints"]

    assert [p["Sum"] for p in eventually(incoming)] == [1.0]
    cli.ask("cloudwatch", "put-metric-data", "--namespace", "Orders", "--metric-name", "m", "--value", "7",
            "--dimensions", "Shard=a&b,Worker=<1>")
    (metric,) = cli.ask("cloudwatch", "list-metrics", "--namespace", "Orders")["Metrics"]
    assert metric["Dimensions"] == [{"Name": "Shard", "Value": "a&b"}, {"Name": "Worker", "Value": "<1>"}]

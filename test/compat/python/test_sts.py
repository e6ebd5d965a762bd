"""The Security Token Service, with boto3 and the AWS CLI."""

import datetime
import os
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from cli import CLIS, Cli
from leat import EVENT_SECONDS

ROLE = "arn:aws:iam::123456789012:role/path/reader"
SESSION = "arn:aws:sts::123456789012:assumed-role/reader/test"


@pytest.fixture
def sts(server):
    return server.client(service="sts")


def test_caller(server, sts):
    answer = sts.get_caller_identity()
    assert (answer["Account"], answer["Arn"]) == ("000000000000", "arn:aws:iam::000000000000:root")
    other = server.client(service="sts", key_id="123456789012").get_caller_identity()
    assert other["Arn"] == "arn:aws:iam::123456789012:root"


def test_role(server, sts):
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="test", DurationSeconds=900)
    assert answer["AssumedRoleUser"]["Arn"] == SESSION
    credentials = answer["Credentials"]
    left = credentials["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=14) < left <= datetime.timedelta(minutes=15)
    as_role = server.client(service="sts", key_id=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"],
                            token=credentials["SessionToken"])
    assert as_role.get_caller_identity()["Arn"] == SESSION


def test_presigned_caller(sts):
    """What proves who one is to others, who send it."""
    with urllib.request.urlopen(sts.generate_presigned_url("get_caller_identity", HttpMethod="GET"),
                                timeout=EVENT_SECONDS) as answer:
        body = answer.read().decode()
    assert answer.headers["Content-Type"] == "text/xml"
    assert "<GetCallerIdentityResult>" in body
    assert "<Arn>arn:aws:iam::000000000000:root</Arn>" in body


def test_unsigned(server):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    with pytest.raises(urllib.error.HTTPError) as e:
        urllib.request.urlopen(server.endpoint, data=body, timeout=EVENT_SECONDS)
    assert e.value.code == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in e.value.read()


@pytest.mark.parametrize("code,text,arguments", [
    ("ValidationError", "1 validation error detected: Value 'a b' at 'roleSessionName' failed", {"RoleSessionName": "a b"}),
    ("ValidationError", "Value null at 'roleSessionName'", {}),
    ("ValidationError", "Value '60' at 'durationSeconds'", {"RoleSessionName": "test", "DurationSeconds": 60}),
])
def test_errors(server, code, text, arguments):
    sts = server.client(service="sts", validate=False)
    with pytest.raises(ClientError) as e:
        sts.assume_role(RoleArn=ROLE, **arguments)
    error = e.value.response["Error"]
    assert (error["Code"], error["Type"]) == (code, "Sender")
    assert text in error["Message"]


@pytest.mark.parametrize("version", CLIS)
def test_cli(version, server, tmp_path):
    if CLIS[version] not in os.environ:
        pytest.skip("this run has no AWS CLI")
    cli = Cli(version, server.endpoint, tmp_path)
    assert cli.ask("sts", "get-caller-identity")["Account"] == "000000000000"
    assert cli.ask("sts", "assume-role", "--role-arn", ROLE,
                   "--role-session-name", "test")["AssumedRoleUser"]["Arn"] == SESSION

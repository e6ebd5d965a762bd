"""Signatures and permissions, with an auth file."""

import datetime
import hashlib
import json
import urllib.error
import urllib.request

import boto3
import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from leat import EVENT_SECONDS, create

ACCOUNTS = """
accounts:
  - id: "111122223333"
    users:
      - name: owner
        keys: [{id: LKIAOWNER, secret: secret-of-the-owner}]
        policies: [{Statement: {Effect: Allow, Action: "kinesis:*", Resource: "*"}}]
      - name: tester
        keys: [{id: LKIATESTER, secret: secret-of-a-tester}]
        policies:
          - Statement:
              - {Effect: Allow, Action: "kinesis:*", Resource: "arn:aws:kinesis:*:*:stream/test-*"}
              - {Effect: Deny, Action: "kinesis:DeleteStream", Resource: "*"}
    roles:
      - name: reader
        trust: {Statement: {Effect: Allow, Principal: {AWS: "111122223333"}, Action: "sts:AssumeRole"}}
        policies: [{Statement: {Effect: Allow, Action: "kinesis:List*", Resource: "*"}}]
        sessions:
          - name: s
            assumed-by: arn:aws:iam::111122223333:user/owner
            keys:
              - {id: LKIASESSION, secret: secret-of-session, session-token: the-token}
              - {id: LKIAEXPIRED, secret: secret-of-expired, session-token: the-token, expires: 2020-01-01T00:00:00Z}
"""

OWNER = ("LKIAOWNER", "secret-of-the-owner")
TESTER = ("LKIATESTER", "secret-of-a-tester")


@pytest.fixture
def server(serve, tmp_path):
    file = tmp_path / "auth.yaml"
    file.touch(mode=0o600)
    file.write_text(ACCOUNTS)
    return serve("--limits", "off", "--auth", str(file))


def connect(server, key_id, secret, token=None):
    """Returns a client that reports errors instead of retrying them."""
    return boto3.client(
        "kinesis", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=key_id,
        aws_secret_access_key=secret, aws_session_token=token,
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}))


def refusal(call, *args, **kwargs):
    """Returns the error that a call ends with."""
    with pytest.raises(ClientError) as e:
        call(*args, **kwargs)
    return e.value.response["Error"]


@pytest.mark.parametrize("credentials", [OWNER, ("LKIASESSION", "secret-of-session", "the-token")])
def test_good_credentials(server, credentials):
    assert connect(server, *credentials).list_streams()["StreamNames"] == []


@pytest.mark.parametrize("code,credentials", [
    ("UnrecognizedClientException", ("any", "any")),
    ("InvalidSignatureException", ("LKIAOWNER", "secret-of-the-owned")),
    ("UnrecognizedClientException", ("LKIASESSION", "secret-of-session")),
    ("UnrecognizedClientException", ("LKIASESSION", "secret-of-session", "a-token")),
    ("UnrecognizedClientException", (*OWNER, "the-token")),
    ("ExpiredTokenException", ("LKIAEXPIRED", "secret-of-expired", "the-token")),
])
def test_bad_credentials(server, code, credentials):
    assert refusal(connect(server, *credentials).list_streams)["Code"] == code


@pytest.mark.parametrize("minutes,text", [
    (-6, "Signature expired: "), (-4, None), (4, None), (6, "Signature not yet current: "),
])
def test_a_clock_that_is_off(server, monkeypatch, minutes, text):
    client = connect(server, *OWNER)
    now = botocore.auth.get_current_datetime
    monkeypatch.setattr(botocore.auth, "get_current_datetime",
                        lambda *args, **kwargs: now(*args, **kwargs) + datetime.timedelta(minutes=minutes))
    if text is None:
        client.list_streams()
        return
    error = refusal(client.list_streams)
    assert error["Code"] == "InvalidSignatureException" and error["Message"].startswith(text)


def test_permissions(server):
    tester = connect(server, *TESTER)
    create(tester, "test-1")
    tester.put_record(StreamName="test-1", PartitionKey="k", Data=b"x")
    assert refusal(tester.create_stream, StreamName="orders", ShardCount=1) == {
        "Code": "AccessDeniedException",
        "Message": "User: arn:aws:iam::111122223333:user/tester is not authorized to perform: kinesis:CreateStream "
                   "on resource: arn:aws:kinesis:us-east-1:111122223333:stream/orders "
                   "because no identity-based policy allows the kinesis:CreateStream action",
    }
    assert refusal(tester.delete_stream, StreamName="test-1") == {
        "Code": "AccessDeniedException",
        "Message": "User: arn:aws:iam::111122223333:user/tester is not authorized to perform: kinesis:DeleteStream "
                   "on resource: arn:aws:kinesis:us-east-1:111122223333:stream/test-1 "
                   "with an explicit deny in an identity-based policy",
    }
    connect(server, *OWNER).delete_stream(StreamName="test-1")


def test_a_resource_policy_denies(server):
    owner = connect(server, *OWNER)
    create(owner, "test-1")
    arn = owner.describe_stream_summary(StreamName="test-1")["StreamDescriptionSummary"]["StreamARN"]
    owner.put_resource_policy(ResourceARN=arn, Policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:user/tester"},
                      "Action": "kinesis:PutRecord", "Resource": arn},
    }))
    error = refusal(connect(server, *TESTER).put_record, StreamName="test-1", PartitionKey="k", Data=b"x")
    assert error["Message"].endswith("with an explicit deny in a resource-based policy")
    owner.put_record(StreamName="test-1", PartitionKey="k", Data=b"x")


class QueryAuth(botocore.auth.SigV4QueryAuth):
    """Signs for a body, which botocore would move into the query."""

    def __init__(self, body, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._body = body

    def payload(self, request):
        return hashlib.sha256(self._body).hexdigest()


def presigned(server, body, secret=OWNER[1]):
    """Returns the URL and the headers of a request that is signed in its query."""
    request = AWSRequest("POST", server.endpoint + "/", headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.ListStreams"})
    QueryAuth(body, Credentials(OWNER[0], secret), "kinesis", "us-east-1", expires=60).add_auth(request)
    return request.url, dict(request.headers)


def post(url, headers, body):
    """Sends a request and returns its status and the answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=EVENT_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as e:
        with e:
            return e.code, json.load(e)


def test_presigned(server):
    url, headers = presigned(server, b"{}")
    assert post(url, headers, b"{}") == (200, {"StreamNames": [], "StreamSummaries": [], "HasMoreStreams": False})
    assert post(url, headers, b'{"Limit":1}')[1]["__type"] == "InvalidSignatureException"
    url, headers = presigned(server, b"{}", "secret-of-the-owned")
    assert post(url, headers, b"{}")[1]["__type"] == "InvalidSignatureException"

package dynamo_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"leat/internal/api"
)

const leaseTable = `"AttributeDefinitions":[{"AttributeName":"leaseKey","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"leaseKey","KeyType":"HASH"}]`

func TestLifeOfATable(t *testing.T) {
	f := newFixture(t)
	f.fails("DescribeTable", `{"TableName":"app"}`, api.ResourceNotFound, "Requested resource not found: Table: app not found")
	created := f.call("CreateTable", `{"TableName":"app",`+leaseTable+`,
		"ProvisionedThroughput":{"ReadCapacityUnits":10,"WriteCapacityUnits":5},"Tags":[{"Key":"a","Value":"b"}]}`)
	id, _ := f.get(created, "TableDescription", "TableId").(string)
	want := `{"TableName":"app",` + leaseTable + `,"TableStatus":"ACTIVE","ItemCount":0,"TableSizeBytes":0,
		"CreationDateTime":1700000000.123,"DeletionProtectionEnabled":false,"TableId":"` + id + `",
		"TableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/app",
		"ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":10,"WriteCapacityUnits":5}}`
	f.same("CreateTable", created, `{"TableDescription":`+want+`}`)
	f.open()
	f.answers("DescribeTable", `{"TableName":"app"}`, `{"Table":`+want+`}`)
	f.answers("DescribeTable", `{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/app"}`, `{"Table":`+want+`}`)
	f.fails("CreateTable", `{"TableName":"app",`+leaseTable+`,"BillingMode":"PAY_PER_REQUEST"}`,
		api.ResourceInUse, "Table already exists: app")
	f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"x"}}}`)
	deleted := f.call("DeleteTable", `{"TableName":"app"}`)
	if got := f.get(deleted, "TableDescription", "TableStatus"); got != "DELETING" {
		t.Errorf("a table that is deleted is %v", got)
	}
	f.fails("GetItem", `{"TableName":"app","Key":{"leaseKey":{"S":"x"}}}`, api.ResourceNotFound, "Requested resource not found")
	f.fails("DeleteTable", `{"TableName":"app"}`, api.ResourceNotFound, "Requested resource not found: Table: app not found")
	if n := f.entries("item") + f.entries("table"); n != 0 {
		t.Errorf("%d entries are left of a table that is gone", n)
	}
	f.leases("app")
	f.answers("GetItem", `{"TableName":"app","Key":{"leaseKey":{"S":"x"}}}`, `{}`)
}

// TestNamespaces proves that tables of one name do not know of each other.
func TestNamespaces(t *testing.T) {
	f := newFixture(t)
	callers := []struct{ account, region string }{
		{"000000000000", "us-east-1"}, {"000000000000", "eu-west-1"}, {"111111111111", "us-east-1"},
	}
	for i, who := range callers {
		c := caller
		c.Account, c.Region = who.account, who.region
		for _, call := range [][2]string{
			{"CreateTable", `{"TableName":"app",` + leaseTable + `,"BillingMode":"PAY_PER_REQUEST"}`},
			{"PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"x"},"n":{"N":"%d"}}}`, i)},
		} {
			if _, err := f.do(c, call[0], call[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, who := range callers {
		c := caller
		c.Account, c.Region = who.account, who.region
		got, err := f.do(c, "GetItem", `{"TableName":"app","Key":{"leaseKey":{"S":"x"}},"ProjectionExpression":"n"}`)
		if want := fmt.Sprintf(`{"Item":{"n":{"N":"%d"}}}`, i); err != nil || got != want {
			t.Errorf("%v has %s, want %s (%v)", who, got, want, err)
		}
	}
	f.fails("DescribeTable", `{"TableName":"arn:aws:dynamodb:us-east-1:111111111111:table/app"}`, api.AccessDenied,
		"User:  is not authorized to access resource: arn:aws:dynamodb:us-east-1:111111111111:table/app because no resource-based policy allows it")
	f.fails("GetItem", `{"TableName":"arn:aws:dynamodb:eu-west-1:000000000000:table/app","Key":{"leaseKey":{"S":"x"}}}`,
		api.ResourceNotFound, "Requested resource not found")
}

func TestListTables(t *testing.T) {
	f := newFixture(t)
	f.answers("ListTables", `{}`, `{"TableNames":[]}`)
	for i := range 5 {
		f.leases(fmt.Sprint("table-", 4-i))
	}
	f.answers("ListTables", `{"Limit":2}`, `{"TableNames":["table-0","table-1"],"LastEvaluatedTableName":"table-1"}`)
	f.answers("ListTables", `{"Limit":3,"ExclusiveStartTableName":"table-1"}`, `{"TableNames":["table-2","table-3","table-4"]}`)
	f.answers("ListTables", `{"ExclusiveStartTableName":"table-1x"}`, `{"TableNames":["table-2","table-3","table-4"]}`)
}

func TestTablesThatCannotBe(t *testing.T) {
	f := newFixture(t)
	const begin = "One or more parameter values were invalid: "
	onDemand := func(rest string) string { return `{"TableName":"app","BillingMode":"PAY_PER_REQUEST",` + rest + `}` }
	attributes := `"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"}]`
	key := `"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]`
	both := `"KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}]`
	index := func(kind, rest string) string {
		return `"` + kind + `":[{"IndexName":"index","Projection":{"ProjectionType":"ALL"},` + rest + `}]`
	}
	for _, test := range []struct{ body, want string }{
		{`{"TableName":"ab",` + leaseTable + `}`, "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, " +
			"and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'"},
		{`{"TableName":"app",` + leaseTable + `}`, begin + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},
		{
			onDemand(leaseTable + `,"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`),
			begin + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
		},
		{onDemand(attributes), "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null"},
		{onDemand(attributes + `,` + key), begin + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"},
		{
			onDemand(attributes + `,"KeySchema":[{"AttributeName":"c","KeyType":"HASH"}]`),
			begin + "Some index key attributes are not defined in AttributeDefinitions. Keys: [c], AttributeDefinitions: [a, b]",
		},
		{
			onDemand(attributes + `,"KeySchema":[{"AttributeName":"a","KeyType":"RANGE"}]`),
			"Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
		},
		{
			onDemand(attributes + `,"KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"a","KeyType":"RANGE"}]`),
			"Both the Hash Key and the Range Key element in the KeySchema have the same name",
		},
		{
			onDemand(attributes + `,"KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"HASH"}]`),
			"Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
		},
		{
			onDemand(attributes + `,` + both + `,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}`),
			begin + "StreamSpecification: tables of this server have no streams",
		},
		{
			onDemand(attributes + `,` + both + `,"SSESpecification":{"Enabled":true}`),
			begin + "SSESpecification: tables of this server are not encrypted with a key of KMS",
		},
		{
			onDemand(attributes + `,` + key + `,` + index("LocalSecondaryIndexes", both)),
			begin + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
		},
		{
			onDemand(attributes + `,` + both + `,` + index("LocalSecondaryIndexes", key)),
			begin + "Index KeySchema does not have a range key for index: index",
		},
		{onDemand(attributes + `,` + both + `,"GlobalSecondaryIndexes":[]`), begin + "List of GlobalSecondaryIndexes is empty"},
		{
			onDemand(attributes + `,` + both + `,"GlobalSecondaryIndexes":[{"IndexName":"index","Projection":{"ProjectionType":"INCLUDE"},` + key + `}]`),
			begin + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
		},
		{
			onDemand(attributes + `,` + both + `,"GlobalSecondaryIndexes":[{"IndexName":"index","Projection":{"ProjectionType":"ALL","NonKeyAttributes":["x"]},` + key + `}]`),
			begin + "ProjectionType is ALL, but NonKeyAttributes is specified",
		},
		{
			onDemand(attributes + `,` + both + `,` + index("GlobalSecondaryIndexes", key+`,"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`)),
			begin + "ProvisionedThroughput should not be specified for index: index when BillingMode is PAY_PER_REQUEST",
		},
		{onDemand(attributes + `,` + both + `,"Tags":[{"Key":"aws:x","Value":"y"}]`), begin + "Tag keys that begin with aws: are reserved for system use: aws:x"},
	} {
		f.fails("CreateTable", test.body, api.Validation, test.want)
	}
	if n := f.entries("table"); n != 0 {
		t.Errorf("%d tables were created", n)
	}
}

func TestUpdateTable(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	f.fails("UpdateTable", `{"TableName":"app"}`, api.Validation, "At least one of ProvisionedThroughput, BillingMode, "+
		"UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	f.fails("UpdateTable", `{"TableName":"app","BillingMode":"PROVISIONED"}`, api.Validation,
		"One or more parameter values were invalid: ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
	f.advance(time.Second)
	f.call("UpdateTable", `{"TableName":"app","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":4}}`)
	f.fails("UpdateTable", `{"TableName":"app","ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":4}}`, api.Validation,
		"The provisioned throughput for the table will not change. The requested value equals the current value. "+
			"Current ReadCapacityUnits provisioned for the table: 3. Requested ReadCapacityUnits: 3. "+
			"Current WriteCapacityUnits provisioned for the table: 4. Requested WriteCapacityUnits: 4. "+
			"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.")
	f.call("UpdateTable", `{"TableName":"app","DeletionProtectionEnabled":true,"TableClass":"STANDARD_INFREQUENT_ACCESS"}`)
	f.open()
	got := f.call("DescribeTable", `{"TableName":"app"}`)
	for path, want := range map[string]any{
		"BillingModeSummary.BillingMode":          "PROVISIONED",
		"ProvisionedThroughput.ReadCapacityUnits": 3.0,
		"DeletionProtectionEnabled":               true,
		"TableClassSummary.TableClass":            "STANDARD_INFREQUENT_ACCESS",
	} {
		if v := f.get(got, append([]string{"Table"}, strings.Split(path, ".")...)...); v != want {
			t.Errorf("%s is %v, want %v", path, v, want)
		}
	}
	f.fails("DeleteTable", `{"TableName":"app"}`, api.Validation,
		"Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	f.call("UpdateTable", `{"TableName":"app","DeletionProtectionEnabled":false}`)
	f.call("DeleteTable", `{"TableName":"app"}`)
}

func TestTags(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	const arn = `"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/app"`
	f.call("TagResource", `{`+arn+`,"Tags":[{"Key":"team","Value":"a"},{"Key":"b","Value":""}]}`)
	f.call("TagResource", `{`+arn+`,"Tags":[{"Key":"team","Value":"z"}]}`)
	f.call("UntagResource", `{`+arn+`,"TagKeys":["b","never"]}`)
	f.open()
	f.answers("ListTagsOfResource", `{`+arn+`}`, `{"Tags":[{"Key":"team","Value":"z"}]}`)
	f.fails("ListTagsOfResource", `{"ResourceArn":"app"}`, api.Validation, "Invalid TableArn: Invalid ResourceArn provided as input app")
	const other = "arn:aws:dynamodb:us-east-1:000000000000:table/other"
	f.fails("ListTagsOfResource", `{"ResourceArn":"`+other+`"}`, api.ResourceNotFound,
		"Requested resource not found: ResourcArn: "+other+" not found")
	f.fails("TagResource", `{`+arn+`,"Tags":[]}`, api.Validation, "Atleast one Tag needs to be provided as Input.")
	var tags []string
	for i := range 50 {
		tags = append(tags, fmt.Sprintf(`{"Key":"%d","Value":""}`, i))
	}
	f.fails("TagResource", `{`+arn+`,"Tags":[`+strings.Join(tags, ",")+`]}`, api.Validation,
		"One or more parameter values were invalid: Too many tags: a table may have 50")
	f.answers("ListTagsOfResource", `{`+arn+`}`, `{"Tags":[{"Key":"team","Value":"z"}]}`)
}

func TestSettings(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	f.answers("DescribeTimeToLive", `{"TableName":"app"}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`)
	on := `{"TableName":"app","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`
	f.answers("UpdateTimeToLive", on, `{"TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
	f.fails("UpdateTimeToLive", on, api.Validation, "TimeToLive is already enabled")
	f.open()
	f.answers("DescribeTimeToLive", `{"TableName":"app"}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}}`)
	backups := func(recovery string) string {
		return `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":` + recovery + `}}`
	}
	f.answers("DescribeContinuousBackups", `{"TableName":"app"}`, backups(`{"PointInTimeRecoveryStatus":"DISABLED"}`))
	f.answers("UpdateContinuousBackups", `{"TableName":"app","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true,"RecoveryPeriodInDays":7}}`,
		backups(`{"PointInTimeRecoveryStatus":"ENABLED","RecoveryPeriodInDays":7}`))
	f.open()
	f.answers("DescribeContinuousBackups", `{"TableName":"app"}`, backups(`{"PointInTimeRecoveryStatus":"ENABLED","RecoveryPeriodInDays":7}`))
	f.fails("DescribeContinuousBackups", `{"TableName":"other"}`, api.TableNotFound, "Table not found: other")
	f.answers("DescribeEndpoints", `{}`, `{"Endpoints":[]}`)
	if got := f.get(f.call("DescribeLimits", `{}`), "TableMaxReadCapacityUnits"); got != 40000.0 {
		t.Errorf("DescribeLimits shows %v", got)
	}
}

// TestUnserved proves that what tables do not have here is refused, and not left out.
func TestUnserved(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	create := `{"TableName":"bpp","BillingMode":"PAY_PER_REQUEST",` + leaseTable + `,`
	const index = `"IndexName":"index","WarmThroughput":{"ReadUnitsPerSecond":1}`
	const described = `"Projection":{"ProjectionType":"ALL"},"KeySchema":[{"AttributeName":"leaseKey","KeyType":"HASH"}]`
	for _, test := range [][3]string{
		{"CreateTable", create + `"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}`, "StreamSpecification: tables of this server have no streams"},
		{"CreateTable", create + `"SSESpecification":{"Enabled":true}`, "SSESpecification: tables of this server are not encrypted with a key of KMS"},
		{"CreateTable", create + `"WarmThroughput":{"ReadUnitsPerSecond":1}`, "WarmThroughput: tables of this server are not throttled, and need no warm throughput"},
		{"CreateTable", create + `"ResourcePolicy":"{}"`, "ResourcePolicy: tables of this server have no policies of their own"},
		{"CreateTable", create + `"GlobalTableSourceArn":"arn:aws:dynamodb:eu-west-1:000000000000:table/bpp"`, "GlobalTableSourceArn: tables of this server have no replicas in other regions"},
		{"CreateTable", create + `"VectorIndexes":[{"IndexName":"index"}]`, "VectorIndexes: tables of this server have no vector indexes"},
		{"CreateTable", create + `"GlobalSecondaryIndexes":[{` + described + `,` + index + `}]`, "WarmThroughput: tables of this server are not throttled, and need no warm throughput"},
		{"UpdateTable", `{"TableName":"app","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}`, "StreamSpecification: tables of this server have no streams"},
		{"UpdateTable", `{"TableName":"app","WarmThroughput":{"ReadUnitsPerSecond":1}`, "WarmThroughput: tables of this server are not throttled, and need no warm throughput"},
		{"UpdateTable", `{"TableName":"app","ReplicaUpdates":[{"Create":{"RegionName":"eu-west-1"}}]`, "ReplicaUpdates: tables of this server have no replicas in other regions"},
		{"UpdateTable", `{"TableName":"app","MultiRegionConsistency":"STRONG"`, "MultiRegionConsistency: tables of this server have no replicas in other regions"},
		{"UpdateTable", `{"TableName":"app","GlobalTableWitnessUpdates":[{"Create":{"RegionName":"eu-west-1"}}]`, "GlobalTableWitnessUpdates: tables of this server have no replicas in other regions"},
		{"UpdateTable", `{"TableName":"app","GlobalTableSettingsReplicationMode":"ENABLED"`, "GlobalTableSettingsReplicationMode: tables of this server have no replicas in other regions"},
		{"UpdateTable", `{"TableName":"app","DisassociationProtectionEnabled":true`, "DisassociationProtectionEnabled: tables of this server have no replicas in other regions"},
		{"UpdateTable", `{"TableName":"app","VectorIndexUpdates":[{"Delete":{"IndexName":"index"}}]`, "VectorIndexUpdates: tables of this server have no vector indexes"},
		{"UpdateTable", `{"TableName":"app","GlobalSecondaryIndexUpdates":[{"Update":{` + index + `}}]`, "WarmThroughput: tables of this server are not throttled, and need no warm throughput"},
	} {
		f.fails(test[0], test[1]+`}`, api.Validation, "One or more parameter values were invalid: "+test[2])
	}
	f.call("CreateTable", create+`"StreamSpecification":{"StreamEnabled":false},"SSESpecification":{"Enabled":false},"VectorIndexes":[],
		"GlobalTableSettingsReplicationMode":"DISABLED"}`)
}

// TestCreateElsewhere proves that no table can be made in another account or region
// than that of the request.
func TestCreateElsewhere(t *testing.T) {
	f := newFixture(t)
	create := func(arn string) string {
		return `{"TableName":"` + arn + `","BillingMode":"PAY_PER_REQUEST",` + leaseTable + `}`
	}
	for _, arn := range []string{"arn:aws:dynamodb:eu-west-1:000000000000:table/app", "arn:aws:dynamodb:us-east-1:000000000001:table/app"} {
		trusted := caller
		trusted.CrossAccount = true
		_, err := f.do(trusted, "CreateTable", create(arn))
		if e := (*api.Error)(nil); !errors.As(err, &e) || e.Code != string(api.Validation) {
			t.Errorf("%s: %v", arn, err)
		}
	}
	f.answers("ListTables", `{}`, `{"TableNames":[]}`)
	f.call("CreateTable", create("arn:aws:dynamodb:us-east-1:000000000000:table/app"))
	f.answers("ListTables", `{}`, `{"TableNames":["app"]}`)
	f.fails("CreateTable", create("app"), api.ResourceInUse, "Table already exists: app")
}

// TestNothingIsKeptOfRequests proves that what is known of a table is what was stored
// of it, though the bodies of the requests have been used again.
func TestNothingIsKeptOfRequests(t *testing.T) {
	f := newFixture(t)
	const table = `{"TableName":"app"}`
	const arn = `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/app"`
	f.call("CreateTable", `{"TableName":"app","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},
		"TableClass":"STANDARD","Tags":[{"Key":"k1","Value":"v1"}],
		"AttributeDefinitions":[{"AttributeName":"leaseKey","AttributeType":"S"},{"AttributeName":"color","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"leaseKey","KeyType":"HASH"}],"GlobalSecondaryIndexes":[{"IndexName":"colors",
		"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},"KeySchema":[{"AttributeName":"color","KeyType":"HASH"}],
		"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["one","two"]}}]}`)
	f.call("UpdateTable", `{"TableName":"app","BillingMode":"PAY_PER_REQUEST","TableClass":"STANDARD_INFREQUENT_ACCESS"}`)
	f.call("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
	f.call("TagResource", arn+`,"Tags":[{"Key":"k2","Value":"v2"}]}`)
	f.call("UpdateTimeToLive", `{"TableName":"app","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
	f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"a"},"color":{"S":"red"},"one":{"B":"AAEC"},"two":{"M":{"x":{"NS":["1"]}}}}}`)
	f.call("UpdateItem", `{"TableName":"app","Key":{"leaseKey":{"S":"a"}},"UpdateExpression":"SET three = :v","ExpressionAttributeValues":{":v":{"L":[{"S":"x"}]}}}`)
	f.call("TransactWriteItems", `{"ClientRequestToken":"token","TransactItems":[{"Put":{"TableName":"app","Item":{"leaseKey":{"S":"b"}}}}]}`)
	var known [2][]string
	for i := range known {
		for _, ask := range [][2]string{
			{"ListTables", `{}`},
			{"DescribeTable", table},
			{"DescribeTimeToLive", table},
			{"ListTagsOfResource", arn + `}`},
			{"Scan", table},
			{"Scan", `{"TableName":"app","IndexName":"colors"}`},
			{"TransactWriteItems", `{"ClientRequestToken":"token","ReturnConsumedCapacity":"TOTAL","TransactItems":[{"Put":{"TableName":"app","Item":{"leaseKey":{"S":"b"}}}}]}`},
		} {
			known[i] = append(known[i], f.call(ask[0], ask[1]))
		}
		f.open()
	}
	f.want("after a restart", known[1], known[0]...)
}

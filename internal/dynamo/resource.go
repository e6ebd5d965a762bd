package dynamo

import (
	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/dynamo/item"
	"leat/internal/service"
)

// subject returns what an operation is about: the resources that the caller has to
// be allowed, all of them, with the actions on them. An absent action is the
// operation's.
type subject func(s *Service, c service.Caller, in api.Input) ([]service.Resource, error)

// withResources lets operations say what they are about.
func withResources(list []operation, s *Service) []service.Operation {
	rows := make([]service.Operation, len(list))
	for i, o := range list {
		rows[i] = o.Operation
		action := "dynamodb:" + o.Name
		rows[i].Resources = func(c service.Caller, in api.Input) ([]service.Resource, error) {
			resources, err := o.subject(s, c, in)
			for i := range resources {
				if resources[i].Action == "" {
					resources[i].Action = action
				}
			}
			return resources, err
		}
	}
	return rows
}

// everything is for operations that are about no table in particular.
func everything(*Service, service.Caller, api.Input) ([]service.Resource, error) {
	return []service.Resource{{ARN: "*"}}, nil
}

// resource returns a table, which need not exist, and what is known of it.
func (s *Service) resource(c service.Caller, name string) (service.Resource, *snapshot, error) {
	r, err := refOf(c, name)
	if err != nil {
		return service.Resource{}, nil, err
	}
	out := service.Resource{ARN: r.arn(), Account: r.account}
	sn := s.reg.get(r)
	if sn != nil {
		out.Tags = sn.Tags
	}
	return out, sn, nil
}

// text returns a member of an input that is a string, "" if it is absent.
func text(in api.Input, member string) string {
	m, _ := in.Member(member).(*api.Opt[string])
	if m == nil {
		return ""
	}
	return m.V
}

// ofTable is for operations on the table TableName.
func ofTable(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	r, _, err := s.resource(c, text(in, "TableName"))
	return []service.Resource{r}, err
}

// ofIndex is for operations on the table TableName, or its index IndexName.
func ofIndex(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	r, _, err := s.resource(c, text(in, "TableName"))
	if index := text(in, "IndexName"); index != "" {
		r.ARN += "/index/" + index
	}
	return []service.Resource{r}, err
}

// ofQuery is for Query, which is about one partition of what ofIndex returns. What
// names none, the operation refuses.
func ofQuery(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	resources, err := ofIndex(s, c, in)
	if err != nil {
		return resources, err
	}
	if key, ok := s.queriedKey(c, in.(*dynamodb.QueryInput)); ok {
		resources[0].Context = map[string][]string{leadingKeys: {key}}
	}
	return resources, nil
}

// queriedKey returns the partition key of a query as policies see it.
func (s *Service) queriedKey(c service.Caller, in *dynamodb.QueryInput) (string, bool) {
	x, err := parseQuery(in)
	if err != nil {
		return "", false
	}
	sn, err := s.lookup(c, in.TableName.V)
	if err != nil {
		return "", false
	}
	o, err := sn.source(in.IndexName.V)
	if err != nil {
		return "", false
	}
	partition, _, bad := x.key.Bind(o.schema.partition, o.schema.sort)
	if bad != nil {
		return "", false
	}
	return keyText(partition)
}

// ofNewTable is for CreateTable, which needs another action for tags.
func ofNewTable(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	r, _, err := s.resource(c, text(in, "TableName"))
	tags := in.(*dynamodb.CreateTableInput).Tags.V
	if err != nil || len(tags) == 0 {
		return []service.Resource{r}, err
	}
	addRequestTags(&r, tags)
	tagging := r
	tagging.Action = "dynamodb:TagResource"
	return []service.Resource{r, tagging}, nil
}

// ofResource is for operations on the tags of the table ResourceArn.
func ofResource(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	arn := text(in, "ResourceArn")
	if _, ok := parseARN(arn); !ok {
		return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", arn)
	}
	r, _, err := s.resource(c, arn)
	switch in := in.(type) {
	case *dynamodb.TagResourceInput:
		addRequestTags(&r, in.Tags.V)
	case *dynamodb.UntagResourceInput:
		r.TagKeys = in.TagKeys.V
	}
	return []service.Resource{r}, err
}

func addRequestTags(r *service.Resource, tags []dynamodb.Tag) {
	r.RequestTags = make(map[string]string, len(tags))
	for i := range tags {
		r.RequestTags[tags[i].Key.V] = tags[i].Value.V
		r.TagKeys = append(r.TagKeys, tags[i].Key.V)
	}
}

// ofItem is for operations on the item Item, or that with the key Key, of the table
// TableName.
func ofItem(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	var it item.Item
	switch in := in.(type) {
	case *dynamodb.GetItemInput:
		it = in.Key.V
	case *dynamodb.PutItemInput:
		it = in.Item.V
	case *dynamodb.UpdateItemInput:
		it = in.Key.V
	case *dynamodb.DeleteItemInput:
		it = in.Key.V
	}
	a := newAccesses(s, c)
	a.add("", text(in, "TableName"), it)
	return a.list, a.err
}

func ofBatchGet(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	a := newAccesses(s, c)
	for name, k := range in.(*dynamodb.BatchGetItemInput).RequestItems.V {
		a.on("", name)
		for _, key := range k.Keys.V {
			a.add("", name, key)
		}
	}
	return a.list, a.err
}

func ofBatchWrite(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	a := newAccesses(s, c)
	for name, list := range in.(*dynamodb.BatchWriteItemInput).RequestItems.V {
		for i := range list.V {
			w := &list.V[i]
			if w.PutRequest.Set {
				a.add("", name, w.PutRequest.V.Item.V)
				continue
			}
			a.add("", name, w.DeleteRequest.V.Key.V)
		}
	}
	return a.list, a.err
}

func ofTransactGet(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	a := newAccesses(s, c)
	items := in.(*dynamodb.TransactGetItemsInput).TransactItems.V
	for i := range items {
		a.add("dynamodb:GetItem", items[i].Get.V.TableName.V, items[i].Get.V.Key.V)
	}
	return a.list, a.err
}

func ofTransactWrite(s *Service, c service.Caller, in api.Input) ([]service.Resource, error) {
	a := newAccesses(s, c)
	items := in.(*dynamodb.TransactWriteItemsInput).TransactItems.V
	for i := range items {
		t := &items[i]
		if t.Put.Set {
			a.add("dynamodb:PutItem", t.Put.V.TableName.V, t.Put.V.Item.V)
		}
		if t.Update.Set {
			a.add("dynamodb:UpdateItem", t.Update.V.TableName.V, t.Update.V.Key.V)
		}
		if t.Delete.Set {
			a.add("dynamodb:DeleteItem", t.Delete.V.TableName.V, t.Delete.V.Key.V)
		}
		if t.ConditionCheck.Set {
			a.add("dynamodb:ConditionCheckItem", t.ConditionCheck.V.TableName.V, t.ConditionCheck.V.Key.V)
		}
	}
	if len(a.list) == 0 && len(items) > 0 { // items of no kind, which the operation refuses
		_, a.err = transactWrite(&items[0])
	}
	return a.list, a.err
}

// leadingKeys is the condition key with the values of the partition keys of a
// request's items.
const leadingKeys = "dynamodb:leadingkeys"

// accesses collects what a request does to items: one resource for each action on
// a table.
type accesses struct {
	service *Service
	caller  service.Caller
	list    []service.Resource
	places  map[[2]string]int  // in list, by action and the name of the table
	keys    map[[3]string]bool // those in list, by the same and the key
	err     error              // the first
}

func newAccesses(s *Service, c service.Caller) *accesses {
	return &accesses{service: s, caller: c, places: make(map[[2]string]int), keys: make(map[[3]string]bool)}
}

// on adds an action on a table, and returns what is known of the request to it.
func (a *accesses) on(action, table string) (context map[string][]string) {
	if place, known := a.places[[2]string{action, table}]; known {
		return a.list[place].Context
	}
	r, _, err := a.service.resource(a.caller, table)
	if err != nil && a.err == nil {
		a.err = err
	}
	r.Action, r.Context = action, map[string][]string{}
	a.places[[2]string{action, table}] = len(a.list)
	a.list = append(a.list, r)
	return r.Context
}

// add adds an action on an item of a table, which may be only its key.
func (a *accesses) add(action, table string, it item.Item) {
	context := a.on(action, table)
	key, ok := a.leadingKey(table, it)
	if of := [3]string{action, table, key}; ok && !a.keys[of] {
		a.keys[of] = true
		context[leadingKeys] = append(context[leadingKeys], key)
	}
}

// leadingKey returns the partition key of an item as policies see it.
func (a *accesses) leadingKey(table string, it item.Item) (string, bool) {
	_, sn, err := a.service.resource(a.caller, table)
	if err != nil || sn == nil {
		return "", false
	}
	return keyText(it[sn.Key.Partition])
}

// keyText returns the value of a partition key as policies see it. It is false for
// what cannot be one.
func keyText(v item.Value) (string, bool) {
	t := v.Type()
	if t == item.TypeN {
		return v.Number().String(), true
	}
	if t == item.TypeS || t == item.TypeB {
		return v.Text(), true
	}
	return "", false
}

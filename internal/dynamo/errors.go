package dynamo

import (
	"errors"
	"slices"
	"strings"

	"leat/internal/api"
	"leat/internal/dynamo/item"
	"leat/internal/engine"
)

// errorType returns what __type is for a code: most codes are of DynamoDB's model,
// the others of the layers before it.
func errorType(code string) string {
	switch {
	case code == string(api.Validation):
		return "com.amazon.coral.validate#" + code
	case slices.Contains(frontCodes, api.Code(code)):
		return "com.amazon.coral.service#" + code
	}
	return "com.amazonaws.dynamodb.v20120810#" + code
}

// frontCodes are those that a request is refused with before it reaches DynamoDB.
var frontCodes = []api.Code{
	api.AccessDenied, api.ExpiredToken, api.IncompleteSignature, api.InternalFailure, api.InvalidSignature,
	api.MissingAuthenticationToken, api.Serialization, api.ServiceUnavailable, api.UnknownOperation,
	api.UnrecognizedClient,
}

// invalid returns a ValidationException.
func invalid(format string, args ...any) *api.Error {
	return api.Errorf(api.Validation, format, args...)
}

// invalidValue returns the ValidationException that begins as most do.
func invalidValue(format string, args ...any) *api.Error {
	return api.Errorf(api.Validation, "One or more parameter values were invalid: "+format, args...)
}

// errNoTable is what operations on items say of a table that is not there.
func errNoTable() *api.Error {
	return api.Errorf(api.ResourceNotFound, "Requested resource not found")
}

// errTableNotFound is what operations on tables say of a table that is not there.
func errTableNotFound(name string) *api.Error {
	return api.Errorf(api.ResourceNotFound, "Requested resource not found: Table: %s not found", name)
}

func errKeySchema() *api.Error {
	return invalid("The provided key element does not match the schema")
}

// errNoRoom refuses a change that would make all items too large together.
func errNoRoom(bytes int64) *api.Error {
	return api.Errorf(api.LimitExceeded,
		"The items of this server may have %d bytes in all: it is for leases, checkpoints and the like.", bytes)
}

// errCondition is the answer to a write whose condition does not hold. With an
// item it tells what there is instead.
func errCondition(there item.Item) *api.Error {
	e := api.Errorf(api.ConditionalCheckFailed, "The conditional request failed")
	if there != nil {
		e.Members = func(enc api.Encoder) {
			enc.Key("Item")
			there.Encode(enc)
		}
	}
	return e
}

// reason is why an item of a transaction cannot be changed.
type reason struct {
	code, message string
	item          item.Item
}

// codeNone is that of the items that are not the reason.
const codeNone = "None"

// errCanceled is the answer to a transaction that was cancelled, with a reason for
// each item.
func errCanceled(reasons []reason) *api.Error {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.code
	}
	e := api.Errorf(api.TransactionCanceled,
		"Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	e.Members = func(enc api.Encoder) {
		enc.Key("CancellationReasons")
		enc.BeginList(len(reasons))
		for _, r := range reasons {
			r.encode(enc)
		}
		enc.EndList()
	}
	return e
}

func (r reason) encode(enc api.Encoder) {
	enc.BeginStruct()
	enc.Key("Code")
	enc.String(r.code)
	if r.message != "" {
		enc.Key("Message")
		enc.String(r.message)
	}
	if r.item != nil {
		enc.Key("Item")
		r.item.Encode(enc)
	}
	enc.EndStruct()
}

// storageError turns an engine's refusal into what the client can act on: a full
// or failed engine is a retryable 5xx, a write that it would never take is not.
// Other errors pass.
func storageError(err error) error {
	switch {
	case errors.Is(err, engine.ErrFull):
		return api.Errorf(api.ServiceUnavailable, "The server cannot take more data now. Try again later.")
	case errors.Is(err, engine.ErrFailed), errors.Is(err, engine.ErrUnknown):
		return api.Errorf(api.InternalServerError, "Internal server error")
	case errors.Is(err, engine.ErrInvalid):
		return invalid("The items and their keys in indexes are too large together to be written at once")
	}
	return err
}

// isNoTable reports whether an error says that there is no table.
func isNoTable(err error) bool {
	e := (*api.Error)(nil)
	return errors.As(err, &e) && e.Code == string(api.ResourceNotFound)
}

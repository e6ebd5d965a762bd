package engine

import (
	"errors"
	"fmt"
)

// The errors of the contracts, to be tested with errors.Is.
var (
	// ErrNotFound: the log or key does not exist, or no longer.
	ErrNotFound = errors.New("not found")
	// ErrClosed: the log has its close mark.
	ErrClosed = errors.New("log is closed")
	// ErrTip: the log's tip is not the one that the batch expected.
	ErrTip = errors.New("log is not at the expected tip")
	// ErrConflict: a key's revision is not the one that the change expected.
	ErrConflict = errors.New("revision conflict")
	// ErrInvalid: the call breaks a limit of the contract.
	ErrInvalid = errors.New("invalid argument")
	// ErrFull: there is no room now; the same call may succeed later.
	ErrFull = errors.New("no room")
	// ErrFailed: the engine accepts nothing more until it is opened again.
	ErrFailed = errors.New("engine failed")
	// ErrUnknown: the outcome is not known; after a restart the change may be
	// there or not.
	ErrUnknown = errors.New("outcome unknown")
)

// CorruptError reports data that is not what was written.
type CorruptError struct {
	File   string // name of the file below the data directory
	Offset int64  // where in the file the damaged piece begins
	Reason string // what does not hold
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("damaged data in %s at offset %d: %s", e.File, e.Offset, e.Reason)
}

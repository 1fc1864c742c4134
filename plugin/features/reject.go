package features

import "errors"

// cause is why an event was rejected, for those who count. The error says more.
type cause int

const (
	causeState   cause = iota // what is stored does not take it: a topic that began again, say
	causeJSON                 // the message is no JSON object, or has no place for the features
	causeMapping              // the mapping errs, or gives no columns
	causeKey                  // it does not say which customer
	causeColumn               // a column is of the wrong type
	causeTime                 // at is no time
	causeFuture               // at is ahead of the clock
	causeOld                  // at is before all that can be meant
	causeID                   // id is no id
	causeCheck                // a check of validate is not true
)

// causeNames are the values of the label cause.
var causeNames = [...]string{
	causeState:   "state",
	causeJSON:    "json",
	causeMapping: "mapping",
	causeKey:     "key",
	causeColumn:  "column",
	causeTime:    "time",
	causeFuture:  "future",
	causeOld:     "old",
	causeID:      "id",
	causeCheck:   "check",
}

// rejection is an error with its cause.
type rejection struct {
	cause cause
	error
}

func (r rejection) Unwrap() error { return r.error }

// because gives an error, if there is one, a cause.
func because(cause cause, err error) error {
	if err == nil {
		return nil
	}
	return rejection{cause, err}
}

// causeOf is the cause of an error. Those without one are of the store.
func causeOf(err error) cause {
	if r, ok := errors.AsType[rejection](err); ok {
		return r.cause
	}
	return causeState
}

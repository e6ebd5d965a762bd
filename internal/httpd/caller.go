package httpd

import (
	"errors"
	"net/http"
	"net/url"

	"leat/internal/api"
	"leat/internal/kinesis"
	"leat/internal/sigv4"
	"leat/internal/stream"
)

// caller returns on whose behalf a request is made. The region is that of the
// signature's scope; a key id of 12 digits is the account. Signatures are not
// verified: any credentials will do, but none will not.
func (h *Handler) caller(r *http.Request) (kinesis.Caller, *api.Error) {
	c := kinesis.Caller{Account: h.cfg.Account, Region: h.cfg.Region}
	credential, err := sigv4.Parse(sigv4.Request{
		Authorization: r.Header.Get("Authorization"),
		HasDate:       r.Header.Get("X-Amz-Date") != "" || r.Header.Get("Date") != "",
		Query:         query(r.URL),
	})
	if err != nil {
		return c, authError(err)
	}
	if stream.ValidAccount(credential.AccessKeyID) {
		c.Account = credential.AccessKeyID
	}
	if credential.Region == "" {
		return c, nil
	}
	if !stream.ValidRegion(credential.Region) {
		return c, api.Errorf(api.InvalidSignature, "Credential should be scoped to a valid region. ")
	}
	c.Region = credential.Region
	return c, nil
}

func authError(err error) *api.Error {
	var e *sigv4.Error
	if !errors.As(err, &e) {
		return api.Errorf(api.IncompleteSignature, "%v", err)
	}
	return &api.Error{Code: e.Code, Message: e.Message, Status: http.StatusBadRequest}
}

// query is u.Query for requests that mostly have none.
func query(u *url.URL) url.Values {
	if u.RawQuery == "" {
		return nil
	}
	return u.Query()
}

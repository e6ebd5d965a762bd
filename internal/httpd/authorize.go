package httpd

import (
	"cmp"
	"context"
	"net"
	"net/netip"

	"leat/internal/api"
	"leat/internal/auth"
	"leat/internal/policy"
	"leat/internal/service"
)

// authorize returns nil if the policies let a request do all that its input
// asks for. Where any credentials pass, everything is allowed.
func (h *Handler) authorize(ctx context.Context, x *exchange, rt *route, in api.Input) error {
	if h.cfg.Auth == nil || rt.Public {
		return nil
	}
	if rt.Resources == nil || x.principal == nil {
		// Nobody may do what no policy can speak of.
		return api.Errorf(api.AccessDenied, "")
	}
	resources, err := rt.Resources(x.caller, in)
	if err != nil {
		return err
	}
	if len(resources) == 0 {
		return api.Errorf(api.AccessDenied, "")
	}
	request := policy.Request{
		Region:          x.caller.Region,
		SourceIP:        sourceIP(x.RemoteAddr),
		SecureTransport: x.caller.Secure,
		Time:            h.cfg.Now(),
	}
	for i := range resources {
		r := &resources[i]
		request.Action, request.Resource, request.ResourceAccount = r.Action, r.ARN, r.Account
		request.ResourceTags, request.RequestTags, request.TagKeys = r.Tags, r.RequestTags, r.TagKeys
		request.Context = r.Context
		decision := x.principal.Decide(request, policy.Policies{Resource: r.Policy, ResourceDecides: r.PolicyDecides})
		if decision.Allowed() {
			continue
		}
		h.log.WarnContext(ctx, "request denied", "principal", x.principal.ARN, "action", r.Action, "resource", r.ARN,
			"decision", decision.String(), "remote", x.RemoteAddr, "request_id", x.ids.request)
		return denial(x.principal, r, decision)
	}
	return nil
}

// denial is what a caller hears who may not use a resource. Where its own
// policy has to allow everything, the reason would tell whether there is one.
func denial(who *auth.Principal, r *service.Resource, d policy.Decision) *api.Error {
	reason := " " + d.Reason(r.Action)
	if r.PolicyDecides {
		reason = ""
	}
	return api.Errorf(api.AccessDenied, "User: %s is not authorized to perform: %s on resource: %s%s",
		who.ARN, r.Action, cmp.Or(r.Name, r.ARN), reason)
}

// maxReportBytes bounds the words of a client in the log.
const maxReportBytes = 256

// reportForgery logs a request that was refused for its signature.
func (h *Handler) reportForgery(ctx context.Context, x *exchange, keyID string, err *api.Error) {
	clip := func(s string) string { return s[:min(len(s), maxReportBytes)] }
	h.log.WarnContext(ctx, "request denied", "key", clip(keyID), "target", clip(x.Header.Get("X-Amz-Target")),
		"error", err.Code, "decision", clip(err.Message), "remote", x.RemoteAddr, "request_id", x.ids.request)
}

// sourceIP is the address that a request comes from, the zero Addr if there is
// none.
func sourceIP(remote string) netip.Addr {
	a, _ := netip.ParseAddrPort(remote)
	return a.Addr()
}

// connKey is the key of the connection in a request's context.
type connKey struct{}

// withConn is for http.Server.ConnContext.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// isSecure reports whether a request has come over TLS.
func isSecure(ctx context.Context) bool {
	c, ok := ctx.Value(connKey{}).(*conn)
	return ok && c.tls.Load() != nil
}

package httpd

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// access says which web pages may use the server, and under which names it may
// be called. While any credentials pass this is what keeps the pages in a
// developer's browser out: those of elsewhere by the Origin that the browser
// says they have, and those that make their own name point to this machine
// (DNS rebinding) by the Host that they call then.
type access struct {
	hosts     map[string]bool // in lower case, beside IP addresses and localhost
	origins   map[string]bool // beside pages of this machine
	anyOrigin bool
}

// AnyOrigin stands for all origins, which AWS allows.
const AnyOrigin = "*"

func newAccess(hosts, origins []string) access {
	a := access{hosts: make(map[string]bool), origins: make(map[string]bool)}
	for _, h := range hosts {
		a.hosts[strings.ToLower(h)] = true
	}
	for _, o := range origins {
		a.origins[strings.ToLower(o)] = true
		a.anyOrigin = a.anyOrigin || o == AnyOrigin
	}
	return a
}

// ValidOrigin reports whether an origin is AnyOrigin or has the form in which
// browsers send it: scheme, host and maybe a port, and nothing after that.
func ValidOrigin(origin string) bool {
	if origin == AnyOrigin {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme != "" && u.Hostname() != "" && !strings.Contains(u.Host, "*") &&
		strings.EqualFold(u.Scheme+"://"+u.Host, origin)
}

// admits reports whether a request's Host and all its Origins, normally one or
// none, may use the server.
func (a access) admits(r *http.Request) bool {
	for _, o := range r.Header["Origin"] {
		if !a.allowsOrigin(o) {
			return false
		}
	}
	return a.allowsHost(r.Host)
}

// allowsHost reports whether a request may be for a host, which may have a
// port.
func (a access) allowsHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return isLocalhost(host) || a.hosts[host]
}

func (a access) allowsOrigin(origin string) bool {
	if a.anyOrigin || a.origins[strings.ToLower(origin)] {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.Unmap().IsLoopback() || isLocalhost(strings.ToLower(u.Hostname()))
}

// isLocalhost recognises the names that mean this machine wherever they are
// looked up.
func isLocalhost(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

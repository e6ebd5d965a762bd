package certs

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// ownHosts are the names that every server has.
var ownHosts = []string{"localhost", "127.0.0.1", "::1"}

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$`)

// maxHostBytes is the most that DNS allows.
const maxHostBytes = 253

// ValidHost reports whether a certificate can be for a host: an IP address or a
// name, without a port.
func ValidHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == ""
	}
	return len(host) <= maxHostBytes && hostPattern.MatchString(host)
}

// hostNames are the hosts that a certificate is for, each kind sorted and without
// repetitions.
type hostNames struct {
	dns []string
	ips []net.IP
}

// newHostNames sorts hosts into kinds. What is no valid host is left out.
func newHostNames(hosts []string) hostNames {
	var n hostNames
	var ips []netip.Addr
	for _, h := range hosts {
		ip, err := netip.ParseAddr(h)
		switch {
		case !ValidHost(h):
		case err == nil:
			ips = append(ips, ip.Unmap())
		default:
			n.dns = append(n.dns, strings.ToLower(h))
		}
	}
	slices.Sort(n.dns)
	n.dns = slices.Compact(n.dns)
	slices.SortFunc(ips, netip.Addr.Compare)
	for _, ip := range slices.Compact(ips) {
		n.ips = append(n.ips, ip.AsSlice())
	}
	return n
}

func (n hostNames) equal(o hostNames) bool {
	return slices.Equal(n.dns, o.dns) && slices.EqualFunc(n.ips, o.ips, net.IP.Equal)
}

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
)

// listen returns listeners for an address. Some clients resolve localhost to
// [::1] first, so a loopback address of IPv4 comes with that, on the same
// port, where it can be had.
func listen(ctx context.Context, address string, log *slog.Logger) ([]net.Listener, error) {
	var lc net.ListenConfig
	first, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, reason(err))
	}
	listeners := []net.Listener{first}
	addr, ok := first.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() || addr.IP.To4() == nil {
		return listeners, nil
	}
	second, err := lc.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(addr.Port)))
	if err != nil {
		log.InfoContext(ctx, "not listening on the loopback address of IPv6", "error", err)
		return listeners, nil
	}
	return append(listeners, second), nil
}

// reason is what went wrong, without the operation and the address that an
// error of package net repeats.
func reason(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

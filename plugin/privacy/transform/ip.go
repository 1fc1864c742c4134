package transform

import (
	"net/netip"
	"strings"
)

// TruncateIP keeps the network of an address and sets the rest to zero. An IPv4 address
// that is written as IPv6 (::ffff:192.0.2.1) is truncated as IPv4; a zone is dropped.
type TruncateIP struct {
	V4, V6 int // bits to keep, up to 32 and 128
}

// Apply implements [Action].
func (t TruncateIP) Apply(value any) (any, error) { return applied(t, value) }

// Append implements [Appender].
func (t TruncateIP) Append(dst []byte, value any) (out []byte, number bool, err error) {
	var written string
	switch v := value.(type) {
	case string:
		written = v
	case []byte:
		written = string(v)
	default:
		return nil, false, ErrType
	}
	address, err := netip.ParseAddr(strings.TrimSpace(written))
	if err != nil {
		return nil, false, ErrValue // the error of netip has the value in it
	}
	address = address.Unmap().WithZone("")
	bits := t.V6
	if address.Is4() {
		bits = t.V4
	}
	network, err := address.Prefix(bits)
	if err != nil {
		return nil, false, ErrValue
	}
	return network.Addr().AppendTo(dst), false, nil
}

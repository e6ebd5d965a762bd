package session

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
)

// Role is the ARN of a role, taken apart:
//
//	arn:aws:iam::111122223333:role/path/name
type Role struct {
	ARN       string
	Partition string // aws, aws-cn, ...
	Account   string
	Name      string // without the path
}

var roleARN = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::([0-9]{12}):role/(?:[!-~]{1,510}/)?([\w+=,.@-]{1,64})$`)

// ParseRole takes the ARN of a role apart. It is false for anything else.
func ParseRole(arn string) (Role, bool) {
	m := roleARN.FindStringSubmatch(arn)
	if m == nil {
		return Role{}, false
	}
	return Role{ARN: arn, Partition: m[1], Account: m[2], Name: m[3]}, true
}

// ID is the unique id of the role. It is always the same for one ARN.
func (r Role) ID() string {
	sum := sha256.Sum256([]byte(r.ARN))
	return "AROA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

// SessionARN is the ARN of the role's session with a name.
func (r Role) SessionARN(name string) string {
	return "arn:" + r.Partition + ":sts::" + r.Account + ":assumed-role/" + r.Name + "/" + name
}

// SessionID is the unique id of the role's session with a name.
func (r Role) SessionID(name string) string { return r.ID() + ":" + name }

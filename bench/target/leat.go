package target

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"leat/bench/load"
	"leat/test/proc"
)

// Credentials are those that the auth file of a leat knows. Servers that verify
// nothing take them too.
var Credentials = load.Credentials{KeyID: "LKIABENCHEXAMPLE0001", Secret: "not-a-secret-but-an-example"}

const authFile = `accounts:
  - id: "000000000000"
    users:
      - name: bench
        keys: [{id: %s, secret: %s}]
        policies:
          - Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "*", Resource: "*"}]
`

// Leat is a build of leat.
type Leat struct{ binary string }

// Build makes the binary as it is released: static and without symbols. It has
// to be called from within the module.
func Build(ctx context.Context, dir string) (Leat, error) {
	l := Leat{binary: filepath.Join(dir, "leat")}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", l.binary, "leat/cmd/leat")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return l, fmt.Errorf("build leat: %w\n%s", err, out)
	}
	return l, nil
}

// Size returns the size of the binary.
func (l Leat) Size() (int64, error) {
	info, err := os.Stat(l.binary)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Start runs leat as a user would run it, on disk with every acknowledged
// record synced, but without rates and with no quota of shards. Flags are
// added to these.
func (l Leat) Start(ctx context.Context, dir string, flags ...string) (*Process, error) {
	args := append([]string{
		"serve", "--listen", "127.0.0.1:0", "--data-dir", dir,
		"--limits", "off", "--shard-quota", "0", "--log-level", "error",
	}, flags...)
	p, err := proc.Start(ctx, l.binary, args...)
	if err != nil {
		return nil, err
	}
	return fromProc("leat", p), nil
}

// AuthFlags makes an auth file that has Credentials and returns the flags that
// let leat verify every signature with it.
func (l Leat) AuthFlags() ([]string, error) {
	path := filepath.Join(filepath.Dir(l.binary), "auth.yaml")
	content := fmt.Sprintf(authFile, Credentials.KeyID, Credentials.Secret)
	return []string{"--auth", path}, os.WriteFile(path, []byte(content), 0o600)
}

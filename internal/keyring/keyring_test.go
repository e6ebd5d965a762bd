package keyring_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"leat/internal/keyring"
	"leat/internal/vfs"
)

const (
	id    = "1234abcd-12ab-34cd-56ef-1234567890ab"
	alias = "alias/orders"
)

var (
	dataKey = bytes.Repeat([]byte{7}, 32)
	purpose = []byte("a purpose")
)

func TestName(t *testing.T) {
	t.Parallel()
	for keyID, want := range map[string]string{
		alias:                                  alias,
		"alias/aws/kinesis":                    "alias/aws/kinesis",
		id:                                     id,
		strings.ToUpper(id):                    id,
		"mrk-1234abcd12ab34cd56ef1234567890ab": "mrk-1234abcd12ab34cd56ef1234567890ab",
		"arn:aws:kms:us-east-1:123456789012:key/" + id:   id,
		"arn:aws-cn:kms:cn-north-1:123456789012:alias/k": "alias/k",
		"":                                  "",
		"alias/":                            "",
		"alias/a b":                         "",
		"orders":                            "",
		id + "0":                            "",
		"key/" + id:                         "",
		"arn:aws:kms:us-east-1:1:key/" + id: "",
		"arn:aws:kms:us-east-1:123456789012:key/x": "",
		"alias/" + strings.Repeat("a", 250):        "alias/" + strings.Repeat("a", 250),
		"alias/" + strings.Repeat("a", 251):        "",
	} {
		name, ok := keyring.Name(keyID)
		if ok != (want != "") || ok && name != want {
			t.Errorf("%q: %q, %v, want %q", keyID, name, ok, want)
		}
	}
}

// local opens the local ring of a file system.
func local(t *testing.T, fsys vfs.FS) *keyring.Ring {
	t.Helper()
	r, err := keyring.OpenLocal(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wrapped returns the data key as the newest version of a key wraps it.
func wrapped(t *testing.T, r *keyring.Ring, keyID string) []byte {
	t.Helper()
	ref, err := r.Resolve(keyID)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Wrap(ref, dataKey, purpose)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := keyring.RefOf(b); err != nil || got != ref {
		t.Fatalf("wrapped by %v, %v, want %v", got, err, ref)
	}
	return b
}

func wantDataKey(t *testing.T, r *keyring.Ring, b []byte) {
	t.Helper()
	if got, err := r.Unwrap(b, purpose); err != nil || !bytes.Equal(got, dataKey) {
		t.Errorf("unwrapped %x, %v", got, err)
	}
}

func TestLocalRingMakesKeysOnce(t *testing.T) {
	t.Parallel()
	fsys := vfs.NewMem()
	r := local(t, fsys)
	if _, err := r.Resolve(alias); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("an unused key: %v", err)
	}
	if _, err := r.Ensure("no form"); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("no key id: %v", err)
	}
	var wg sync.WaitGroup
	refs := make([]keyring.Ref, 8)
	for i := range refs {
		wg.Go(func() { refs[i], _ = r.Ensure(alias) })
	}
	wg.Wait()
	for _, ref := range refs {
		if ref != refs[0] || ref.Version != 1 {
			t.Errorf("keys %v", refs)
		}
	}
	if ref, err := r.Ensure("arn:aws:kms:us-east-1:123456789012:key/" + id); err != nil || ref.ID != id {
		t.Errorf("a key by its ARN: %v, %v", ref, err)
	}
	b := wrapped(t, r, alias)
	// It survives a power cut, and works under any form of its name.
	r = local(t, fsys.CrashLoseAll())
	if ref, err := r.Resolve("arn:aws:kms:eu-west-1:123456789012:" + alias); err != nil || ref != refs[0] {
		t.Errorf("after a restart %v, %v, want %v", ref, err, refs[0])
	}
	wantDataKey(t, r, b)
	if err := r.Refresh(t.Context()); err != nil {
		t.Errorf("refreshed: %v", err)
	}
}

func TestLocalRingDamaged(t *testing.T) {
	t.Parallel()
	fsys := vfs.NewMem()
	if _, err := local(t, fsys).Ensure(alias); err != nil {
		t.Fatal(err)
	}
	if err := vfs.ReplaceFile(fsys, keyring.LocalFile, []byte("{")); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.OpenLocal(fsys); err == nil || !strings.Contains(err.Error(), keyring.LocalFile) {
		t.Errorf("opened with %v", err)
	}
}

// A key that cannot be written is not used.
func TestLocalRingWithoutRoom(t *testing.T) {
	t.Parallel()
	fsys := vfs.NewMem()
	r := local(t, fsys)
	fsys.SetCapacity(1)
	if _, err := r.Ensure(alias); err == nil {
		t.Error("a key was made")
	}
	if _, err := r.Resolve(alias); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("it is there: %v", err)
	}
}

func TestUnwrapRefuses(t *testing.T) {
	t.Parallel()
	r := local(t, vfs.NewMem())
	if _, err := r.Ensure(id); err != nil {
		t.Fatal(err)
	}
	b := wrapped(t, r, id)
	for i := range b {
		changed := bytes.Clone(b)
		changed[i] ^= 1
		if _, err := r.Unwrap(changed, purpose); !errors.Is(err, keyring.ErrWrapped) && !errors.Is(err, keyring.ErrNotFound) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := r.Unwrap(b[:i], purpose); !errors.Is(err, keyring.ErrWrapped) {
			t.Errorf("%d bytes: %v", i, err)
		}
	}
	if _, err := r.Unwrap(b, []byte("another")); !errors.Is(err, keyring.ErrWrapped) {
		t.Errorf("another purpose: %v", err)
	}
	other := local(t, vfs.NewMem())
	if _, err := other.Unwrap(b, purpose); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("without the key: %v", err)
	}
	if _, err := other.Ensure(id); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Unwrap(b, purpose); !errors.Is(err, keyring.ErrWrapped) {
		t.Errorf("with another secret: %v", err)
	}
}

// write writes a keyring file as leat keyring does.
func write(t *testing.T, path string, k *keyring.Keys) {
	t.Helper()
	b, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T) func(*keyring.Keys, error) *keyring.Keys {
	return func(k *keyring.Keys, err error) *keyring.Keys {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
}

func TestFileRing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyring.json")
	keys, made, err := keyring.None().Add(alias, "alias/other")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, keys)
	r, err := keyring.OpenFile(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Ensure("alias/unknown"); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("an unknown key: %v", err)
	}
	refresh := func(k *keyring.Keys) {
		t.Helper()
		write(t, path, k)
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	first := wrapped(t, r, alias)
	if ref, err := r.Resolve(alias); err != nil || ref != (keyring.Ref{ID: made, Version: 1}) {
		t.Errorf("the key is %v, %v", ref, err)
	}

	// Rotation keeps what is old.
	rotated := must(t)(keys.Rotate("alias/other"))
	refresh(rotated)
	second := wrapped(t, r, made)
	if ref, _ := keyring.RefOf(second); ref.Version != 2 {
		t.Errorf("wrapped by %v after a rotation", ref)
	}
	wantDataKey(t, r, first)
	wantDataKey(t, r, second)

	// A disabled key does nothing until it is enabled again.
	refresh(must(t)(rotated.SetDisabled(alias, true)))
	ref, _ := keyring.RefOf(first)
	for what, err := range map[string]error{
		"resolved": errorOf(r.Resolve(alias)), "usable": r.Usable(ref),
		"wrapped": errorOf(r.Wrap(ref, dataKey, purpose)), "unwrapped": errorOf(r.Unwrap(first, purpose)),
	} {
		if !errors.Is(err, keyring.ErrDisabled) {
			t.Errorf("%s while disabled: %v", what, err)
		}
	}
	refresh(rotated)
	wantDataKey(t, r, first)

	// What is broken leaves the old keys in force.
	if err := os.WriteFile(path, []byte("{\n{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), path+": line 2") {
		t.Errorf("a broken file: %v", err)
	}
	wantDataKey(t, r, second)
}

// errorOf returns the error of a call.
func errorOf[T any](_ T, err error) error { return err }

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	key := func(id, aliases, versions string) string {
		return `{"format":1,"keys":[{"id":"` + id + `","aliases":[` + aliases + `],"versions":[` + versions + `]}]}`
	}
	version := func(n string) string { return `{"number":` + n + `,"secret":"` + secret + `"}` }
	if _, err := keyring.Parse([]byte(key(id, `"alias/a"`, version("1")+","+version("3")))); err != nil {
		t.Fatalf("what is well-formed: %v", err)
	}
	for want, text := range map[string]string{
		"line 1: malformed JSON":      "",
		"line 2: malformed JSON":      "{\n]",
		"malformed JSON or an unknow": `{"format":1,"keys":[],"more":1}`,
		"line 1: keys has the wrong":  `{"format":1,"keys":"` + secret + `"}`,
		"behind the end":              `{"format":1,"keys":[]} {}`,
		"format 2 is not known":       `{"format":2,"keys":[]}`,
		"key 1: the id is not":        key("x", "", version("1")),
		"does not have the form":      key(id, `"orders"`, version("1")),
		"the name alias/a is taken":   key(id, `"alias/a","alias/a"`, version("1")),
		"no version":                  key(id, "", ""),
		"do not ascend":               key(id, "", version("2")+","+version("2")),
		"do not ascend from 1":        key(id, "", version("0")),
		"does not have 32 bytes":      key(id, "", `{"number":1,"secret":"AAAA"}`),
	} {
		_, err := keyring.Parse([]byte(text))
		if text == "" && err != nil {
			continue // io.EOF has no line
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the error says a secret: %v", err)
		}
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	keys, _, err := keyring.None().Add(id, alias)
	if err != nil {
		t.Fatal(err)
	}
	before, err := keys.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"a name twice":           third(keys.Add(alias)),
		"two ids":                third(keys.Add(id, id)),
		"a bad name":             third(keys.Add("orders")),
		"an unknown key rotated": errorOf(keys.Rotate("alias/unknown")),
		"an unknown key":         errorOf(keys.SetDisabled("alias/unknown", true)),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	must(t)(keys.Rotate(id))
	must(t)(keys.SetDisabled(id, true))
	if after, err := keys.Encode(); err != nil || !bytes.Equal(after, before) {
		t.Errorf("edits changed the original: %s, %v", after, err)
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }

func TestFull(t *testing.T) {
	t.Parallel()
	keys, _, err := keyring.None().Add(id)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		for range 500 {
			keys = must(t)(keys.Rotate(id))
		}
		_, err = keys.Encode()
	}
	if !errors.Is(err, keyring.ErrFull) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	keys, _, err := keyring.None().Add(alias)
	if err != nil {
		f.Fatal(err)
	}
	b, err := keys.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"format":1,"keys":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := keyring.Parse(b)
		if err != nil {
			return
		}
		once, err := keys.Encode()
		if errors.Is(err, keyring.ErrFull) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := keyring.Parse(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(twice, once) {
			t.Errorf("%s came back as %s, %v", once, twice, err)
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	r, err := keyring.OpenLocal(vfs.NewMem())
	if err != nil {
		f.Fatal(err)
	}
	ref, err := r.Ensure(id)
	if err != nil {
		f.Fatal(err)
	}
	good, err := r.Wrap(ref, dataKey, purpose)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := r.Unwrap(b, purpose); err == nil && (!bytes.Equal(b, good) || !bytes.Equal(got, dataKey)) {
			t.Errorf("%x unwraps", b)
		}
	})
}

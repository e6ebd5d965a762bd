package enginetest

import (
	"sync"

	"leat/internal/engine"
)

// secretsAreMadeOnce has many ask for a secret that nobody has made.
func secretsAreMadeOnce(v *env) {
	const workers = 8
	var secrets [workers][engine.SecretBytes]byte
	var wg sync.WaitGroup
	for i := range secrets {
		wg.Go(func() {
			var err error
			if secrets[i], err = engine.Secret(v.ctx, v.e, "one"); err != nil {
				v.t.Errorf("a secret: %v", err)
			}
		})
	}
	wg.Wait()
	for _, s := range secrets {
		v.check(s == secrets[0], "two that asked for one secret have different ones")
	}
	other, err := engine.Secret(v.ctx, v.e, "another")
	v.must(err)
	v.check(other != secrets[0] && other != [engine.SecretBytes]byte{}, "two secrets are alike, or one is empty")

	v.write(put(engine.NewKey("secret", "short"), "x", engine.Absent))
	_, err = engine.Secret(v.ctx, v.e, "short")
	v.check(err != nil && err.Error() == "secret/short has 1 bytes instead of 32", "a short secret: %v", err)
}

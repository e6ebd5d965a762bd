package server

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// TestProfileOfARole uses the profile of the documentation with its auth file, by
// an SDK that assumes the role itself.
func TestProfileOfARole(t *testing.T) {
	page, err := os.ReadFile("../../docs/auth.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) []byte {
		m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(page)
		if m == nil {
			t.Fatalf("the documentation has no %s", language)
		}
		return m[1]
	}
	s := start(t, withAuth(t, string(block("yaml"))))
	profiles := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(profiles, block("ini"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": profiles, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_ENDPOINT_URL": s.URL(), "AWS_ENDPOINT_URL_STS": s.URL(),
		"AWS_PROFILE": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	for profile, allowed := range map[string]bool{"reader": true, "scheduler": false} {
		cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile(profile), config.WithRetryMaxAttempts(1))
		if err != nil {
			t.Fatal(err)
		}
		_, err = kinesis.NewFromConfig(cfg).ListStreams(t.Context(), &kinesis.ListStreamsInput{})
		if (err == nil) != allowed {
			t.Errorf("the profile %s lists the streams: %v", profile, err)
		}
	}
}

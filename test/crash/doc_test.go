// Package crash kills a real server under load, again and again, and compares
// what it finds afterwards with what the server had acknowledged.
//
//	go test ./test/crash -args -kills 20 -seed 7
package crash

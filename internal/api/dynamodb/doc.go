// Package dynamodb holds the shapes of the operations of DynamoDB that are served, and
// the constraints on them, generated from operations.json as package api's own
// are from its.
package dynamodb

//go:generate go run ../gen

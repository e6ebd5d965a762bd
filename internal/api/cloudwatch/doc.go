// Package cloudwatch holds the shapes of the operations of CloudWatch that are served, and
// the constraints on them, generated from operations.json as package api's own
// are from its.
package cloudwatch

//go:generate go run ../gen

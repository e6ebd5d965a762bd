package httpd

import "net/http"

// isPreflight reports whether a browser asks what it may do.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != ""
}

// preflight tells a browser that it may do what it asks for.
func preflight(r *http.Request) answer {
	header := http.Header{"Access-Control-Max-Age": {"172800"}}
	for asked, allowed := range map[string]string{
		"Access-Control-Request-Headers": "Access-Control-Allow-Headers",
		"Access-Control-Request-Method":  "Access-Control-Allow-Methods",
	} {
		if v := r.Header.Get(asked); v != "" {
			header[allowed] = []string{v}
		}
	}
	return answer{status: http.StatusOK, header: header, bare: true}
}

// allowOrigin adds what every answer to a request with an Origin has, unless
// that may not use the server.
func allowOrigin(header http.Header, method string) {
	header["Access-Control-Allow-Origin"] = []string{"*"}
	if method != http.MethodOptions {
		header["Access-Control-Expose-Headers"] = []string{
			"x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date",
		}
	}
}

//! The headers that every answer of the console has (CON-1).

/// No inline script, no inline style, and no other host. The sound of a test call goes to this one.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; connect-src 'self'; media-src 'self'; manifest-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// Headers of every page. `Cache-Control` keeps pages with people's names out of shared and later caches.
pub const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("cache-control", "no-store"),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "microphone=(), camera=(), geolocation=()"),
];

/// Of the page of test calls, in place of the one above.
pub const WITH_MICROPHONE: (&str, &str) =
    ("permissions-policy", "microphone=(self), camera=(), geolocation=()");

# The entries of a lock file but those that only development asks for by name. What such a package
# needs in its turn stays: it does no harm. setuptools stays: it installs the checkout.
/^[^ #]/ { flush_entry(); entry = ""; wanted = /^setuptools==/ }
{ entry = entry $0 "\n" }
/^    # via / { if ($0 !~ /\(pyproject\.toml:dev\)/) wanted = 1; next }
/^    #   / { if ($0 !~ /\(pyproject\.toml:dev\)/) wanted = 1; next }
/^    # via$/ { next }
END { flush_entry() }
function flush_entry() { if (wanted) printf "%s", entry }

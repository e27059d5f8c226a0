# Of a lock file: each entry with extras stands without them, too. Older versions of pip (23.2 among
# them) take a package that is wanted both with an extra and without for one without a version else.
/^[^ #]/ { flush_entry(); entry = ""; extras = /^[A-Za-z0-9._-]+\[/ }
{ entry = entry $0 "\n" }
END { flush_entry() }
function flush_entry(plain) {
  plain = entry
  if (extras) { sub(/\[[^]]*\]/, "", plain); printf "%s", plain }
  printf "%s", entry
}

#include "tests/fuzz/import_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dialer::campaigns::fuzz_import(data, size, dialer::campaigns::list_format::ndjson);
  return 0;
}

// How libFuzzer mutates latent files, for every target that reads them.
#include "fuzz.h"
#include "mend_hdf5.h"

using namespace orrery;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t limit, unsigned seed) {
  constexpr unsigned kAsItIs = 8;  // one input in so many keeps wrong checksums
  std::string input = fuzz::mutated(std::string(fuzz::bytes(data, size)), limit);
  if (seed % kAsItIs != 0) fuzz::mend_hdf5(input);
  return fuzz::give_back(input, data, limit);
}

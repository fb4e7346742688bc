#pragma once

#include <hdf5.h>

#include <concepts>
#include <mutex>
#include <source_location>
#include <string>
#include <string_view>

#include "base/core/error.h"
#include "base/core/handle.h"

// Owners of HDF5 identifiers, and the one place where its status codes become exceptions. Internal to io/latents/.
namespace orrery::hdf5 {

template <herr_t (*Close)(hid_t)>
struct IdTraits {
  using type = hid_t;
  static type null() noexcept { return H5I_INVALID_HID; }
  static void close(type id) noexcept { Close(id); }
};

using File = UniqueHandle<IdTraits<H5Fclose>>;
using Group = UniqueHandle<IdTraits<H5Gclose>>;
using Dataset = UniqueHandle<IdTraits<H5Dclose>>;
using Dataspace = UniqueHandle<IdTraits<H5Sclose>>;
using PropertyList = UniqueHandle<IdTraits<H5Pclose>>;
using Datatype = UniqueHandle<IdTraits<H5Tclose>>;
using Attribute = UniqueHandle<IdTraits<H5Aclose>>;

// Must live around every call of HDF5. Admits one thread at a time, since most builds of HDF5 are not thread-safe, and
// stops HDF5 from printing its errors (in thread-safe builds, a setting of each thread).
class Session {
 public:
  Session();

 private:
  std::unique_lock<std::mutex> lock_;
};

// HDF5's most specific message about this thread's last failed call.
std::string innermost_message();

// Returns `result`, a status, count or identifier; throws Error "WHAT: HDF5's words" when it is negative, which means
// failure.
template <std::signed_integral T>
T check(T result, std::string_view what, std::source_location at = std::source_location::current()) {
  if (result < 0) fail(what, innermost_message(), at);
  return result;
}

}  // namespace orrery::hdf5

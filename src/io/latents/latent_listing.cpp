#include "io/latents/latent_listing.h"

#include <algorithm>

#include "base/core/error.h"
#include "io/latents/structure.h"

namespace orrery {
namespace {

StoredDataset described(const std::string& path, const hdf5::StoredValues& values) {
  StoredDataset stored;
  stored.path = path;
  stored.type = values.type.name;
  stored.shape = {values.shape.extents.begin(), values.shape.extents.end()};
  stored.bytes = static_cast<std::int64_t>(hdf5::count_of(values.shape.extents, path) * values.type.bytes);
  stored.stored_bytes = static_cast<std::int64_t>(values.layout.stored_bytes);
  const std::vector<hdf5::Filter>& filters = values.layout.filters;
  stored.has_checksum = std::find(filters.begin(), filters.end(), hdf5::Filter::Fletcher32) != filters.end();
  return stored;
}

}  // namespace

std::vector<StoredDataset> list_datasets(const std::filesystem::path& path) {
  try {
    const hdf5::Structure structure(path);
    std::vector<StoredDataset> datasets;
    for (const auto& [name, values] : structure.datasets()) datasets.push_back(described(name, values));
    return datasets;
  } catch (const InputError&) {
    throw;
  } catch (const Error& e) {
    throw InputError(path.string() + ": damaged, or not readable as HDF5: " + e.what());
  }
}

}  // namespace orrery

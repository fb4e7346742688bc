#include "storage/latent_listing.h"

#include <functional>
#include <numeric>

#include "core/error.h"
#include "storage/hdf5_data.h"

namespace orrery {
namespace {

std::string type_name(const hdf5::Datatype& type) {
  const std::string bits = std::to_string(8 * H5Tget_size(type.get()));
  switch (H5Tget_class(type.get())) {
    case H5T_FLOAT:
      return "float" + bits;
    case H5T_INTEGER:
      return (H5Tget_sign(type.get()) == H5T_SGN_NONE ? "uint" : "int") + bits;
    case H5T_STRING:
      return "string";
    default:
      return "other";
  }
}

bool has_checksum(const hdf5::Dataset& dataset) {
  const hdf5::PropertyList list(hdf5::check(H5Dget_create_plist(dataset.get()), "read a dataset's properties"));
  const int filters = hdf5::check(H5Pget_nfilters(list.get()), "read a dataset's filters");
  for (unsigned i = 0; i < static_cast<unsigned>(filters); ++i) {
    unsigned flags = 0;
    std::size_t count = 0;
    if (H5Pget_filter2(list.get(), i, &flags, &count, nullptr, 0, nullptr, nullptr) == H5Z_FILTER_FLETCHER32) {
      return true;
    }
  }
  return false;
}

StoredDataset describe(hid_t file, const std::string& path) {
  const hdf5::Dataset dataset = hdf5::open_dataset(file, path);
  const hdf5::Datatype type(hdf5::check(H5Dget_type(dataset.get()), "read the type of " + path));
  StoredDataset stored{path, type_name(type), hdf5::dataset_shape(dataset), 0, 0, has_checksum(dataset)};
  stored.bytes = std::accumulate(stored.shape.begin(), stored.shape.end(),
                                 static_cast<std::int64_t>(H5Tget_size(type.get())), std::multiplies<>());
  stored.stored_bytes = static_cast<std::int64_t>(H5Dget_storage_size(dataset.get()));
  return stored;
}

herr_t keep_dataset(hid_t, const char* name, const H5O_info_t* info, void* names) {
  if (info->type == H5O_TYPE_DATASET) static_cast<std::vector<std::string>*>(names)->push_back(std::string("/") + name);
  return 0;
}

}  // namespace

std::vector<StoredDataset> list_datasets(const std::filesystem::path& path) {
  std::error_code ignored;
  require_input(std::filesystem::is_regular_file(path, ignored), path.string() + ": no such file");
  const hdf5::Session session;
  try {
    const hdf5::File file = hdf5::open_to_read(path.string());
    std::vector<std::string> names;
    hdf5::check(H5Ovisit(file.get(), H5_INDEX_NAME, H5_ITER_INC, keep_dataset, &names), "list the datasets");
    std::vector<StoredDataset> datasets;
    datasets.reserve(names.size());
    for (const std::string& name : names) datasets.push_back(describe(file.get(), name));
    return datasets;
  } catch (const InputError&) {
    throw;
  } catch (const Error& e) {
    throw InputError(path.string() + ": damaged, or not readable as HDF5: " + e.what());
  }
}

}  // namespace orrery

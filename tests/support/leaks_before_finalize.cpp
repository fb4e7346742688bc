// In sanitized builds, looks for leaks before MPI ends rather than at the end of the process: MPI_Finalize unloads Open
// MPI's plugins, and what they lost could no longer be told by its place from what this program lost. Until then, what
// they keep is reached from them.
#include <mpi.h>
#include <sanitizer/lsan_interface.h>

// The MPI standard lets a program define a function and call the library's own by its other name.
extern "C" int MPI_Finalize() {
  __lsan_do_leak_check();  // ends the process where anything is lost; nothing is looked for after it
  return PMPI_Finalize();
}

"""Work over many items: in this process, in processes of this machine, or on a Dask cluster, behind one interface."""

// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
query 50140 "SI Item Availability"
{
    Caption = 'Item Availability';
    QueryType = Normal;

    elements
    {
        dataitem(Item; Item)
        {
            DataItemTableFilter = Blocked = const(false);

            column(ItemNo; "No.")
            {
            }
            column(Description; Description)
            {
            }
            column(UOM; "Base Unit of Measure")
            {
            }
            column(Inventory; Inventory)
            {
            }
        }
    }
}

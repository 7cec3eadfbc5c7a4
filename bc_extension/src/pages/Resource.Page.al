// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50112 "SI Resource"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'resource';
    EntitySetName = 'resources';
    SourceTable = Resource;
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;

                    trigger OnValidate()
                    begin
                        if not IsNullGuid(xRec.SystemId) and (Rec.SystemId <> xRec.SystemId) then
                            Error(IdStaysErr);
                    end;
                }
                field(number; Rec."No.")
                {
                    Caption = 'No.', Locked = true;
                    Editable = false;
                }
                field(displayName; Rec.Name)
                {
                    Caption = 'Name', Locked = true;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'Unit Price', Locked = true;
                    Editable = false;
                }
                field(unitCost; Rec."Unit Cost")
                {
                    Caption = 'Unit Cost', Locked = true;
                    Editable = false;
                }
                field(vendorNumber; Rec."Vendor No.")
                {
                    Caption = 'Vendor No.', Locked = true;
                    Editable = false;
                }
                field(capacity; Rec.Capacity)
                {
                    Caption = 'Capacity', Locked = true;
                    Editable = false;
                }
                field(baseUnitOfMeasureCode; Rec."Base Unit of Measure")
                {
                    Caption = 'Base Unit of Measure', Locked = true;
                    Editable = false;
                }
                field(blocked; Rec.Blocked)
                {
                    Caption = 'Blocked', Locked = true;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'SystemModifiedAt', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        // An id that came along is kept: the caller finds its record by it, whatever happens.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        exit(false);
    end;

    var
        IdStaysErr: Label 'The id of a record that is there cannot be changed.';
}
